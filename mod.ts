/**
 * Structured concurrency for servers and edge functions.
 *
 * Every task belongs to a scope. A task may outlive its request, but never without a deadline, an owner, its context
 * values and a place where its error goes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { contextKey, processLifetime, TaskScope } from "@taskscope/taskscope";
 *
 * const TraceId = contextKey<string>("trace-id");
 * const log: string[] = [];
 *
 * const page = await TaskScope.run(async (scope) => {
 *   const user = scope.spawn(() => Promise.resolve("Ada"));
 *   const posts = scope.spawn(() => Promise.resolve(["Notes"]));
 *   scope.spawnDetached((task) => void log.push(`${task.get(TraceId)} audited`), {
 *     deadline: { seconds: 20 },
 *     name: "audit",
 *   });
 *   return `${await user}: ${await posts}`; // one fails: the other is canceled and awaited, the error surfaces
 * }, { deadline: 2_000, name: "page", context: [TraceId.with("abc")] });
 *
 * await processLifetime().drain({ deadline: { seconds: 10 } });
 * assertEquals([page, ...log], ["Ada: Notes", "abc audited"]);
 * ```
 *
 * @module
 */
export {
  type AbandonedTask,
  AbandonedTasksError,
  type CancelKind,
  CancelReason,
  DeadlineExceededError,
  LifetimeLimitError,
  LifetimeUnavailableError,
  ScopeCanceledError,
  ScopeClosedError,
  ScopeError,
} from "./src/errors.ts";
export type { Deadline, DurationParts, InstantLike, TemporalDurationLike } from "./src/deadline.ts";
export { type ContextBinding, type ContextKey, contextKey } from "./src/context.ts";
export type { Lifetime } from "./src/lifetime.ts";
export type { DrainOptions, DrainReport, ProcessLifetime } from "./src/process_lifetime.ts";
export { processLifetime, type ProcessLifetimeOptions, type ShutdownSignal } from "./src/shutdown_signals.ts";
export type {
  Counters,
  ErrorPhase,
  Observer,
  Outcome,
  ScopeInfo,
  ScopeState,
  ScopeTree,
  TaskInfo,
  TaskState,
} from "./src/observer.ts";
export { Task } from "./src/task.ts";
export { type DetachedOptions, DetachedTask } from "./src/detached.ts";
export type { TaskScopeOptions } from "./src/root.ts";
export type { ShieldOptions, SpawnOptions } from "./src/spawn.ts";
export { type HandoffTask, type TaskFunction, TaskScope } from "./src/task_scope.ts";
export { any } from "./src/combinators/any.ts";
export { asCompleted, type Completed, type CompletedOf } from "./src/combinators/as_completed.ts";
export { hedge, type HedgeOptions } from "./src/combinators/hedge.ts";
export { map, type MapOptions, type Mapper } from "./src/combinators/map.ts";
export { race } from "./src/combinators/race.ts";
export { retry, type RetryOptions } from "./src/combinators/retry.ts";
