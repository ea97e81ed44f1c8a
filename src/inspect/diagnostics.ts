/**
 * What the core publishes on `node:diagnostics_channel`.
 *
 * @module
 */
import type { AbandonedTasksError, CancelKind } from "../errors.ts";
import type { ErrorPhase, Outcome, ScopeInfo, TaskInfo } from "../observer.ts";

/**
 * The channels of `node:diagnostics_channel` that tell what happens in all scopes, and their messages. A message is
 * what an `Observer` hook of that name is called with, as an array. The names are stable.
 *
 * **Guarantees.** Published wherever `process.getBuiltinModule` has the module: Deno, Node, Bun, and workerd with
 * `nodejs_compat`; elsewhere nothing is missed but the channels. Subscribers are called synchronously, where it happens
 * (not in the async context of the spawn), before the observer; one that comes late or leaves is honored at once. Without
 * a subscriber no message is made, nor the reason or outcome it would hold. A root scope is no task: only its `onCancel`
 * is told.
 *
 * A subscriber must not throw: the runtime makes it an uncaught exception, which ends most processes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { subscribe, unsubscribe } from "node:diagnostics_channel";
 * import { TaskScope } from "@taskscope/taskscope";
 * import type { DiagnosticsMessages } from "@taskscope/taskscope/inspect";
 *
 * const lines: string[] = [];
 * const listener = (message: unknown) => {
 *   const [task, outcome] = message as DiagnosticsMessages["taskscope:onSettle"];
 *   lines.push(`${task.path} ${outcome.state}`);
 * };
 * subscribe("taskscope:onSettle", listener);
 * await TaskScope.run((scope) => void scope.spawn(() => 1, { name: "one" }), { name: "page" });
 * unsubscribe("taskscope:onSettle", listener);
 * assertEquals(lines, ["page/one succeeded"]);
 * ```
 */
export interface DiagnosticsMessages {
  /** A task was made. */
  readonly "taskscope:onSpawn": readonly [task: TaskInfo];
  /** The function of a task is about to be called. */
  readonly "taskscope:onStart": readonly [task: TaskInfo];
  /** A task ended; of an abandoned one: it ended after all. */
  readonly "taskscope:onSettle": readonly [task: TaskInfo, outcome: Outcome<unknown>];
  /** A cancellation began in this scope. */
  readonly "taskscope:onCancel": readonly [
    scope: ScopeInfo,
    reason: unknown,
    info: { readonly kind: CancelKind; readonly origin: string },
  ];
  /** A task ignored its cancellation for longer than `grace`. */
  readonly "taskscope:onAbandon": readonly [task: TaskInfo, error: AbandonedTasksError];
  /** An error that surfaces nowhere else. */
  readonly "taskscope:onError": readonly [
    error: unknown,
    info: { readonly task: TaskInfo; readonly phase: ErrorPhase },
  ];
}
