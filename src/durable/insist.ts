/**
 * Verdicts that reach the engine although the connection fails for a while.
 *
 * @module
 */
import { Bell } from "../http/operations/bell.ts";

const FIRST_PAUSE = 50; // milliseconds
const LONGEST_PAUSE = 1_000;

/** Of {@linkcode insist}. */
export interface InsistOptions {
  /** When there is no use in it any more, in milliseconds since 1970; may move on. */
  readonly until: () => number;
  /** Told of every failure. */
  readonly onError: (error: unknown) => void;
  /** Whether a failure means that it is too late. */
  readonly isFinal: (error: unknown) => boolean;
}

/**
 * Repeats `fn` until it resolves, or it is of no use any more: a verdict is worth a few attempts, since without it the work
 * is done again.
 */
export async function insist(fn: () => Promise<unknown>, { until, onError, isFinal }: InsistOptions): Promise<void> {
  for (let pause = FIRST_PAUSE;; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    const attempt = fn().then(() => true, (error) => {
      if (isFinal(error)) return true;
      onError(error);
      return false;
    });
    if (await within(until() - Date.now(), attempt) !== false) return;
    await new Bell().wait(pause);
    if (Date.now() >= until()) return;
  }
}

/** Stops waiting after `ms` milliseconds: a client that waits for its connection may wait for ever. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const bell = new Bell();
  const late = bell.wait(Math.max(ms, 0)).then(() => undefined);
  void promise.then(() => bell.ring());
  return await Promise.race([promise, late]);
}
