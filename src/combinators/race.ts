/**
 * The first to end decides.
 *
 * @module
 */
import { callChild, type TaskFunction, type TaskScope } from "../task_scope.ts";
import { assertFunctions, assertScope, firstOf } from "./group.ts";

/**
 * The first to end decides: its value is the result, its failure is thrown. The others are canceled and awaited.
 *
 * @param scope The scope to run in.
 * @param fns At least one function; each receives a scope of its own.
 * @returns The value of the first to end.
 * @throws {TypeError} If `scope` is none, `fns` is not an array of at least one function; at the call.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { race, TaskScope } from "@taskscope/taskscope";
 *
 * const winner = await TaskScope.run((scope) =>
 *   race(scope, [
 *     (task) => task.sleep(60_000).then(() => "slow"),
 *     () => "fast",
 *   ])
 * );
 * assertEquals(winner, "fast");
 * ```
 */
export function race<T extends readonly unknown[]>(
  scope: TaskScope,
  fns: readonly [...{ [K in keyof T]: TaskFunction<T[K]> }],
): Promise<Awaited<T[number]>> {
  const what = "Cannot race";
  assertScope(scope, what);
  assertFunctions(fns, what);
  return callChild(
    scope,
    (group) => firstOf(group, fns.length, (at) => fns[at] as TaskFunction<Awaited<T[number]>>, 0, () => true),
    "race",
    what,
  );
}
