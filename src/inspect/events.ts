/**
 * What a recorder writes down: the events in the life of scopes and tasks, as plain data.
 *
 * @module
 */
import type { CancelKind } from "../errors.ts";
import type { ErrorPhase } from "../observer.ts";

/** What every event has. See {@linkcode LifecycleEvent}. */
export interface Happened {
  /** When, in milliseconds since 1970; see `Recorder` for how exact that is. */
  readonly at: number;
  /** Whose event it is: a number that no other scope or task of this process has. */
  readonly id: number;
}

/** What kind of node was made: a root scope, a task, a detached task or a shield. See {@linkcode SpawnEvent}. */
export type SpawnKind = "scope" | "task" | "detached" | "shield";

/** How a task or scope ended. One that was abandoned has no such end: see {@linkcode AbandonEvent}. */
export type EndState = "succeeded" | "failed" | "canceled";

/** A task was made, or a root scope opened. See {@linkcode LifecycleEvent}. */
export interface SpawnEvent extends Happened {
  /** `"spawn"`. */
  readonly type: "spawn";
  /** The scope that owns it and waits for it; `null` for root scopes and detached tasks. */
  readonly parent: number | null;
  /** The scope on which `spawn` or `spawnDetached` was called; `null` for root scopes, or if that is not known. */
  readonly spawner: number | null;
  /** What was made. */
  readonly kind: SpawnKind;
  /** Its name, cut if it is very long. */
  readonly name: string;
  /** When it has to be over, its own deadline or the nearest above, in milliseconds since 1970; `null` without one. */
  readonly deadline: number | null;
  /** Whether it had to wait for a place. */
  readonly queued: boolean;
  /** Where it was called: lines of a stack trace, if the recorder keeps them. */
  readonly stack?: string;
}

/** The function of a task is about to be called. See {@linkcode LifecycleEvent}. */
export interface StartEvent extends Happened {
  /** `"start"`. */
  readonly type: "start";
}

/** A cancellation began in this scope; it reaches everything below but shields. See {@linkcode LifecycleEvent}. */
export interface CancelEvent extends Happened {
  /** `"cancel"`. */
  readonly type: "cancel";
  /** Who or what began it. */
  readonly kind: CancelKind;
  /** The path of the scope where it began, as its reason says. */
  readonly origin: string;
  /** The message of its reason, and of the causes behind it. */
  readonly reason: string;
}

/**
 * The deadline of this scope or task passed while it ran; the cancellation follows. See {@linkcode LifecycleEvent}.
 */
export interface DeadlineEvent extends Happened {
  /** `"deadline"`. */
  readonly type: "deadline";
}

/** A task or scope ended. See {@linkcode LifecycleEvent}. */
export interface SettleEvent extends Happened {
  /** `"settle"`. */
  readonly type: "settle";
  /** How. */
  readonly state: EndState;
  /** Whether it ended well although it had been canceled or its deadline had passed. */
  readonly late: boolean;
  /** Where the cancellation began that reached it, if one did. */
  readonly by: number | null;
  /** The message of the error or reason it ended with; `null` if it ended well. */
  readonly message: string | null;
}

/**
 * A task ignored its cancellation for longer than `grace`; nobody waits for it any more, but it may still run. See
 * {@linkcode LifecycleEvent}.
 */
export interface AbandonEvent extends Happened {
  /** `"abandon"`. */
  readonly type: "abandon";
  /** The message of the error that tells of it. */
  readonly message: string;
}

/** An abandoned task ended after all. See {@linkcode LifecycleEvent}. */
export interface LateSettleEvent extends Happened {
  /** `"late-settle"`. */
  readonly type: "late-settle";
  /** How. */
  readonly state: EndState;
  /** The message of the error or reason it ended with; `null` if it ended well. */
  readonly message: string | null;
}

/** An error that surfaces nowhere else, as an observer's `onError` hears it. See {@linkcode LifecycleEvent}. */
export interface ErrorEvent extends Happened {
  /** `"error"`. */
  readonly type: "error";
  /** Which part of the task it came from. */
  readonly phase: ErrorPhase;
  /** The message of the error, and of the causes behind it. */
  readonly message: string;
}

/**
 * One thing that happened to a scope or task. Plain data: it survives `JSON.stringify` and holds on to nothing.
 *
 * All texts are as the program gave them, only cut: whoever shows them makes them inert. An event may be about an `id`
 * whose spawn is not known any more. See {@linkcode Recorder}.
 */
export type LifecycleEvent =
  | SpawnEvent
  | StartEvent
  | CancelEvent
  | DeadlineEvent
  | SettleEvent
  | AbandonEvent
  | LateSettleEvent
  | ErrorEvent;
