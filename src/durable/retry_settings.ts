/**
 * How often a task is tried, and how long after a failure.
 *
 * @module
 */
import type { RetryOptions } from "../combinators/retry.ts";
import { assertCount, assertFunction, assertNumber } from "../validate.ts";

/** All of `RetryOptions`, with the defaults filled in. */
export type RetrySettings = { readonly [Option in keyof RetryOptions]-?: NonNullable<RetryOptions[Option]> };

/** Checks the options as `retry` does, and fills in its defaults. */
export function retryOf(options: RetryOptions, what: string): RetrySettings {
  const { maxAttempts = 5, minTimeout = 1_000, maxTimeout = 60_000, multiplier = 2, jitter = 1 } = options;
  const { isRetriable = () => true } = options;
  assertFunction(isRetriable, `${what}: isRetriable`);
  assertCount(maxAttempts, "maxAttempts", what);
  assertNumber(minTimeout, "minTimeout", what);
  assertNumber(maxTimeout, "maxTimeout", what, minTimeout);
  assertNumber(multiplier, "multiplier", what, 1);
  assertNumber(jitter, "jitter", what, 0, 1);
  return { maxAttempts, minTimeout, maxTimeout, multiplier, jitter, isRetriable };
}

/** The wait after a failed attempt, in milliseconds. */
export function delayAfter(attempt: number, { minTimeout, maxTimeout, multiplier, jitter }: RetrySettings): number {
  const longest = Math.min(maxTimeout, minTimeout && minTimeout * multiplier ** (attempt - 1)); // 0 * Infinity is NaN
  return longest * (1 - jitter * Math.random());
}
