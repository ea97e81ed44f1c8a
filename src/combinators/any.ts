/**
 * The first success wins.
 *
 * @module
 */
import { callChild, type TaskFunction, type TaskScope } from "../task_scope.ts";
import { assertFunctions, assertScope, firstOf, isSuccess } from "./group.ts";

/**
 * The first success wins; failures only count when all have failed. The others are canceled and awaited.
 *
 * @param scope The scope to run in.
 * @param fns At least one function; each receives a scope of its own.
 * @returns The value of the first to succeed.
 * @throws {AggregateError} If all fail; `errors` in the order of `fns`.
 * @throws {TypeError} If `scope` is none, `fns` is not an array of at least one function; at the call.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { any, TaskScope } from "@taskscope/taskscope";
 *
 * const value = await TaskScope.run((scope) => any(scope, [() => Promise.reject(new Error("down")), () => "up"]));
 * assertEquals(value, "up");
 * ```
 */
export function any<T extends readonly unknown[]>(
  scope: TaskScope,
  fns: readonly [...{ [K in keyof T]: TaskFunction<T[K]> }],
): Promise<Awaited<T[number]>> {
  const what = "Cannot wait for any";
  assertScope(scope, what);
  assertFunctions(fns, what);
  return callChild(
    scope,
    (group) => firstOf(group, fns.length, (at) => fns[at] as TaskFunction<Awaited<T[number]>>, 0, isSuccess),
    "any",
    what,
  );
}
