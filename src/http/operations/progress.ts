/**
 * Progress as it is kept.
 *
 * @module
 */
import type { OperationProgress } from "./operation.ts";

const LONGEST_MESSAGE = 500; // characters

/** Makes what a function told fit: a fraction from 0 to 1, and a message that is not too long. */
export function toProgress(fraction: number, message?: string): OperationProgress {
  const inside = Math.min(1, Math.max(0, Number(fraction) || 0));
  return { fraction: inside, ...message === undefined ? {} : { message: `${message}`.slice(0, LONGEST_MESSAGE) } };
}
