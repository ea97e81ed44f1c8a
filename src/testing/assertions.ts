/**
 * Assertions about scopes and hosts.
 *
 * @module
 */
import type { Counters, ScopeTree } from "../observer.ts";
import type { SimulatedHost } from "./simulated_host.ts";

/**
 * What an assertion of this module throws; test runners know it by its name.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { TaskScope } from "@taskscope/taskscope";
 * import { assertConserved, AssertionError } from "@taskscope/taskscope/testing";
 *
 * const { counters, path, state } = new TaskScope();
 * const tree = () => ({ name: path, path, state, age: 0, remaining: null, children: [] });
 * assertThrows(() => assertConserved({ counters: { ...counters, spawned: 1 }, path, tree }), AssertionError);
 * ```
 */
export class AssertionError extends Error {
  /** The name by which test runners know it. */
  override readonly name = "AssertionError";
}

/** What is needed of a scope. See {@linkcode assertConserved}. */
export interface CountedScope {
  /** How many tasks it has, and had. */
  readonly counters: Counters;
  /** Its names from the root scope down. */
  readonly path: string;
  /** The live tree. */
  tree(): ScopeTree;
}

/**
 * Asserts that every task of a scope is accounted for (G12). That is: spawned = succeeded + failed + canceled +
 * abandoned + running + queued, and the live tree has the tasks that are said to run or to be queued.
 *
 * @param scope A scope, open or closed.
 * @throws {AssertionError} If they differ; the message names the live tasks.
 *
 * @example
 * ```ts
 * import { TaskScope } from "@taskscope/taskscope";
 * import { assertConserved } from "@taskscope/taskscope/testing";
 *
 * await TaskScope.run((scope) => {
 *   scope.spawn((task) => task.sleep(1));
 *   assertConserved(scope);
 * });
 * ```
 */
export function assertConserved(scope: CountedScope): void {
  const { spawned, ...parts } = scope.counters;
  const sum = Object.values(parts).reduce((a, b) => a + b, 0);
  const live = scope.tree().children.filter(({ detached, state }) => !detached && state !== "abandoned");
  const detail = Object.entries(parts).map(([name, count]) => `${count} ${name}`).join(", ");
  const names = live.map(({ path, state }) => `${path} (${state})`).join(", ") || "none";
  const what = `The tasks of the scope "${scope.path}" are not conserved`;
  if (sum !== spawned) {
    throw new AssertionError(`${what}: ${spawned} spawned, but ${sum} accounted for: ${detail}; live: ${names}`);
  }
  const { running, queued } = parts;
  if (live.length === running + queued) return;
  throw new AssertionError(`${what}: ${running} running and ${queued} queued, but live: ${names}`);
}

/**
 * Asserts that nothing is left on a host: every response is over, all work has ended, nothing is frozen.
 *
 * What was cut off is not pending; see `report()`.
 *
 * @param host A simulated host.
 * @throws {AssertionError} If something is left; the message names it.
 *
 * @example
 * ```ts
 * import { assertNothingPending, SimulatedHost } from "@taskscope/taskscope/testing";
 *
 * using host = new SimulatedHost("process");
 * await host.fetch(() => new Response("hello")).response;
 * await host.settled();
 * assertNothingPending(host);
 * ```
 */
export function assertNothingPending(host: SimulatedHost): void {
  const lines = host.report().calls.flatMap(({ name, state, work }) => [
    ...state === "running" ? [`${name}: its response is not over`] : [],
    ...work.filter(({ state }) => state === "pending" || state === "frozen").map((each) =>
      `${name}: ${each.name} (${each.kind}, ${each.state})`
    ),
  ]);
  if (lines.length === 0) return;
  throw new AssertionError(
    `${lines.length} pending on the simulated ${host.profile.platform}:\n  ${lines.join("\n  ")}`,
  );
}
