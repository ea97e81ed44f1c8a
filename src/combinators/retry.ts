/**
 * Again, after a while.
 *
 * @module
 */
import { callChild, type TaskFunction, type TaskScope } from "../task_scope.ts";
import { assertCount, assertFunction, assertNumber, assertOptions } from "../validate.ts";
import { assertScope, attempt } from "./group.ts";

/** Options of {@linkcode retry}, as those of `retry` of `@std/async`. */
export interface RetryOptions {
  /**
   * How often to try in all.
   *
   * @default 5
   */
  readonly maxAttempts?: number | undefined;
  /**
   * The wait before the second attempt, in milliseconds.
   *
   * @default 1000
   */
  readonly minTimeout?: number | undefined;
  /**
   * The longest wait between two attempts, in milliseconds.
   *
   * @default 60000
   */
  readonly maxTimeout?: number | undefined;
  /**
   * By how much each wait is longer than the last.
   *
   * @default 2
   */
  readonly multiplier?: number | undefined;
  /**
   * How much of each wait is random, from 0 (none) to 1.
   *
   * @default 1
   */
  readonly jitter?: number | undefined;
  /** Whether an error is worth another attempt; by default every one is. */
  readonly isRetriable?: ((error: unknown) => boolean) | undefined;
}

const OPTIONS = ["maxAttempts", "minTimeout", "maxTimeout", "multiplier", "jitter", "isRetriable"];

/**
 * Tries until it succeeds, with exponential backoff and full jitter (as `retry` of `@std/async`). Each attempt has a scope of its
 * own and has fully ended before the next begins. Cancellation ends the waiting at once.
 *
 * @param scope The scope to run in.
 * @param fn Receives a scope of its own.
 * @param options See {@linkcode RetryOptions}.
 * @returns The value of the attempt that succeeded.
 * @throws The error of the last attempt, itself.
 * @throws {TypeError} If `scope` is none, `fn` is not a function or an option is unknown; at the call.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { retry, TaskScope } from "@taskscope/taskscope";
 *
 * let attempts = 0;
 * const value = await TaskScope.run((scope) =>
 *   retry(scope, () => ++attempts < 3 ? Promise.reject(new Error("busy")) : "done", { minTimeout: 1 })
 * );
 * assertEquals([value, attempts], ["done", 3]);
 * ```
 */
export function retry<T>(scope: TaskScope, fn: TaskFunction<T>, options: RetryOptions = {}): Promise<T> {
  const what = "Cannot retry";
  assertScope(scope, what);
  assertFunction(fn, what);
  assertOptions(options, OPTIONS, what);
  const { maxAttempts = 5, minTimeout = 1_000, maxTimeout = 60_000, multiplier = 2, jitter = 1 } = options;
  const { isRetriable = () => true } = options;
  assertFunction(isRetriable, `${what}: isRetriable`);
  assertCount(maxAttempts, "maxAttempts", what);
  assertNumber(minTimeout, "minTimeout", what);
  assertNumber(maxTimeout, "maxTimeout", what, minTimeout);
  assertNumber(multiplier, "multiplier", what, 1);
  assertNumber(jitter, "jitter", what, 0, 1);
  return callChild(
    scope,
    async (group) => {
      for (let number = 1;; number++) {
        try {
          return await attempt(group, fn, number);
        } catch (error) {
          const isLast = number >= maxAttempts || group.state !== "open";
          if (isLast || !isRetriable(error)) throw error;
          const longest = Math.min(maxTimeout, minTimeout && minTimeout * multiplier ** (number - 1)); // 0 * Infinity is NaN
          await group.sleep(longest * (1 - jitter * Math.random()));
        }
      }
    },
    "retry",
    what,
  );
}
