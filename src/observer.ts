/**
 * What the outside may learn: how a task ended, the hooks of an observer, the counters of a scope and the live tree.
 *
 * @module
 */
import type { AbandonedTasksError, CancelKind } from "./errors.ts";
import { show, wrong } from "./validate.ts";

/** Where a task is in its life; the last four are final. See {@linkcode Task}. */
export type TaskState =
  | "queued"
  | "running"
  | "succeeded"
  | "failed"
  | "canceled"
  | "abandoned";

/**
 * Where a scope is in its life. `canceling`: canceled, but not all of its tasks have ended yet. See
 * {@linkcode TaskScope}.
 */
export type ScopeState = "open" | "canceling" | "closed";

/**
 * How a task ended.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type Outcome, TaskScope } from "@taskscope/taskscope";
 *
 * const describe = (outcome: Outcome<number>) => outcome.state === "succeeded" ? `${outcome.value}` : outcome.state;
 * await TaskScope.run(async (scope) => {
 *   assertEquals(describe(await scope.spawn(() => 42).outcome), "42");
 * });
 * ```
 */
export type Outcome<T> =
  | {
    /** How it ended; with it, TypeScript knows what else there is. */
    readonly state: "succeeded";
    /** What its function returned. */
    readonly value: T;
    /** Whether it had been canceled, or its deadline had passed, when it ended. */
    readonly late: boolean;
  }
  | {
    readonly state: "failed";
    /** What it rejects with. */
    readonly error: unknown;
  }
  | {
    readonly state: "canceled";
    /** What its signal aborted with. */
    readonly reason: unknown;
    /** Who or what began the cancellation. */
    readonly kind: CancelKind;
    /** The path of the scope in which it began. */
    readonly origin: string;
  }
  | {
    readonly state: "abandoned";
    /** What the handle rejects with: an {@linkcode AbandonedTasksError}, or the failure that came before it. */
    readonly error: unknown;
  };

/**
 * Where an error came from: the function of a task, its cleanup, or work that nobody waited for any more. See
 * {@linkcode Observer}.
 */
export type ErrorPhase = "body" | "cleanup" | "after-abandon";

/** What an observer sees of a task. See {@linkcode Observer}. */
export interface TaskInfo {
  /** The name given to it, the name of its function, or `task-` and a number. */
  readonly name: string;
  /** Its names from the root scope down, joined by `/`. */
  readonly path: string;
  /** Where it is in its life. */
  readonly state: TaskState;
  /** Whether it ended well although it had been canceled or its deadline had passed. */
  readonly late: boolean;
  /** Whether it was made by `spawnDetached`. */
  readonly detached: boolean;
}

/** What an observer sees of a scope. See {@linkcode Observer}. */
export interface ScopeInfo {
  /** The name given to it, or that of its task. */
  readonly name: string;
  /** Its names from the root scope down, joined by `/`. */
  readonly path: string;
  /** Where it is in its life. */
  readonly state: ScopeState;
}

/**
 * Hooks that are told what happens in a scope and everything below it. All are optional, called synchronously, in the
 * async context of the place of the spawn. One that throws is reported once with `console.error` and never disturbs work.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TaskScope } from "@taskscope/taskscope";
 *
 * const lines: string[] = [];
 * await TaskScope.run((scope) => void scope.spawn(() => 1, { name: "one" }), {
 *   name: "page",
 *   observer: { onSettle: (task, outcome) => lines.push(`${task.path} ${outcome.state}`) },
 * });
 * assertEquals(lines, ["page/one succeeded"]);
 * ```
 */
export interface Observer {
  /** A task was made. */
  onSpawn?(task: TaskInfo): void;
  /** The function of a task is about to be called. */
  onStart?(task: TaskInfo): void;
  /** A task ended; of an abandoned one: it ended after all. */
  onSettle?(task: TaskInfo, outcome: Outcome<unknown>): void;
  /** A cancellation began in this scope; everything below it is canceled for the same reason. */
  onCancel?(scope: ScopeInfo, reason: unknown, info: { readonly kind: CancelKind; readonly origin: string }): void;
  /** A task ignored its cancellation for longer than `grace`; its scope goes on without it, once this has been told. */
  onAbandon?(task: TaskInfo, error: AbandonedTasksError): void;
  /** An error that surfaces nowhere else; where `policy` is `"supervise"`, every failure of a task. */
  onError?(error: unknown, info: { readonly task: TaskInfo; readonly phase: ErrorPhase }): void;
}

/** The names of what an observer has. */
export const HOOKS = ["onSpawn", "onStart", "onSettle", "onCancel", "onAbandon", "onError"] as const;

/**
 * @throws {TypeError} If `observer` is not an object or has a hook that is not a function.
 */
export function assertObserver(observer: Observer, what: string): void {
  for (const hook of HOOKS) {
    const { [hook]: fn = show } = Object(observer) as Observer;
    if (typeof fn !== "function" || Object(observer) !== observer) {
      throw wrong(what, `observer must be an object, its ${hook} a function`, observer);
    }
  }
}

/**
 * How many tasks a scope has, and had. At every moment `spawned` equals the sum of all the others.
 *
 * Only the scope's own tasks count; a detached task belongs to its lifetime. See {@linkcode TaskScope}.
 */
export interface Counters {
  /** Tasks made so far. */
  readonly spawned: number;
  /** Tasks that ended with a value. */
  readonly succeeded: number;
  /** Tasks that ended with an error. */
  readonly failed: number;
  /** Tasks that were canceled. */
  readonly canceled: number;
  /** Tasks that ignored their cancellation for longer than `grace`. */
  readonly abandoned: number;
  /** Tasks that have not ended and do not wait for a place. */
  readonly running: number;
  /** Tasks that wait for a place, where the scope has a `concurrency`. */
  readonly queued: number;
}

/** The live tree of a scope, as plain JSON. See {@linkcode TaskScope}. */
export interface ScopeTree {
  /** The name of the scope or task. */
  readonly name: string;
  /** Its names from the root scope down. */
  readonly path: string;
  /** A task's state, or that of a scope that is no task. */
  readonly state: TaskState | ScopeState;
  /** How long ago it was made, in milliseconds. */
  readonly age: number;
  /** The time left until its deadline, in milliseconds; `null` without one. */
  readonly remaining: number | null;
  /** Why it was canceled, if it was. */
  readonly reason?: {
    readonly kind: CancelKind;
    readonly origin: string;
    readonly message: string;
  };
  /** What else people should know of it, if its scope was given a `note`. */
  readonly note?: string;
  /** Whether it is a detached task. */
  readonly detached?: true;
  /** Whether it is a shield. */
  readonly shield?: true;
  /** The tasks that have not ended. */
  readonly children: readonly ScopeTree[];
}
