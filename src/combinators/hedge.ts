/**
 * A second attempt beside a slow one.
 *
 * @module
 */
import { callChild, type TaskFunction, type TaskScope } from "../task_scope.ts";
import { assertCount, assertFunction, assertNumber, assertOptions } from "../validate.ts";
import { assertScope, firstOf, isSuccess } from "./group.ts";

/** Options of {@linkcode hedge}. */
export interface HedgeOptions {
  /** How long to wait for an attempt before another one is started beside it, in milliseconds. */
  readonly delay: number;
  /**
   * How many attempts there may be in all.
   *
   * @default 2
   */
  readonly attempts?: number | undefined;
}

/**
 * Starts the work again beside itself when it is slow, and takes the first success. From "The Tail at Scale" (Dean and
 * Barroso). An attempt that fails is replaced at once. The others are canceled and awaited.
 *
 * @param scope The scope to run in.
 * @param fn Must be safe to run more than once; receives a scope of its own.
 * @param options See {@linkcode HedgeOptions}.
 * @returns The value of the first attempt to succeed.
 * @throws {AggregateError} If all attempts fail; `errors` in the order they were started.
 * @throws {TypeError} If `scope` is none, `fn` is not a function or an option is of the wrong type; at the call.
 * @throws {RangeError} If `delay` or `attempts` is out of range; at the call.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { hedge, TaskScope } from "@taskscope/taskscope";
 *
 * let attempts = 0;
 * const value = await TaskScope.run((scope) =>
 *   hedge(scope, async (task) => {
 *     if (++attempts === 1) await task.sleep(60_000); // the slow one
 *     return "answer";
 *   }, { delay: 5 })
 * );
 * assertEquals([value, attempts], ["answer", 2]);
 * ```
 */
export function hedge<T>(scope: TaskScope, fn: TaskFunction<T>, options: HedgeOptions): Promise<T> {
  const what = "Cannot hedge";
  assertScope(scope, what);
  assertFunction(fn, what);
  assertOptions(options, ["delay", "attempts"], what);
  const { delay, attempts = 2 } = options;
  assertNumber(delay, "delay", what);
  assertCount(attempts, "attempts", what, Number.MAX_SAFE_INTEGER);
  return callChild(scope, (group) => firstOf(group, attempts, () => fn, delay, isSuccess), "hedge", what);
}
