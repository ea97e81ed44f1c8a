/**
 * What a program of the walk is made of: plain data, so that it can be printed, shortened and played again. A step names
 * its target by a number, of which the rest of the division by the number of candidates counts: so a step still means
 * something when others have been dropped.
 */

/** What a task's function does. */
export type Body =
  | "heeds" // its signal, at once
  | "waits" // with abortable
  | "sleeps"
  | "ignores" // its cancellation
  | "fails" // with an error of its own when canceled
  | "wraps" // the reason in an error of its own
  | "aborts" // with an AbortError of its own when canceled
  | "answers" // with a value when canceled
  | "returns" // at once
  | "throws"; // at once

export type How = "value" | "error" | "same error" | "text" | "abort error";

/** What somebody gives as the reason of a cancellation. */
export type Why = "nothing" | "an error" | "a text" | "null" | "that of another scope";

export interface Open {
  readonly op: "open";
  readonly manual: boolean;
  readonly body: Body;
  readonly policy: "failFast" | "supervise";
  readonly errors: "first" | "aggregate";
  readonly concurrency: number | null;
  readonly grace: number | null;
  readonly deadline: number | null;
  readonly observed: boolean;
  readonly signals: readonly number[];
  readonly tag: number | null;
}

/** What a function or a cleanup spawns while something else is going on. */
export interface Nested {
  /** As it starts, or from a listener of its signal; a cleanup does so when it runs. */
  readonly when: "start" | "abort";
  readonly as: "spawn" | "shield";
  readonly body: Body;
  readonly deadline: number | null;
}

export interface Spawn {
  readonly op: "spawn";
  readonly at: number;
  readonly as: "spawn" | "trySpawn" | "shield" | "spawnDetached";
  readonly body: Body;
  readonly deadline: number | null;
  readonly awaited: boolean;
  readonly tag: number | null;
  readonly inherit: boolean;
  readonly clamp: boolean;
  readonly nested: Nested | null;
}

export interface Combine {
  readonly op: "combine";
  readonly at: number;
  readonly as: "race" | "any" | "retry" | "hedge" | "map";
  readonly bodies: readonly Body[];
  /** Of `map`. */
  readonly concurrency: number;
  readonly awaited: boolean;
}

export type Step =
  | Open
  | Spawn
  | Combine
  | { readonly op: "adopt"; readonly at: number } // a function ends as one of its tasks does
  | { readonly op: "finish"; readonly at: number; readonly how: How }
  | { readonly op: "cancel"; readonly at: number; readonly by: "scope" | "task"; readonly why: Why }
  | { readonly op: "abort"; readonly at: number; readonly why: Why }
  | { readonly op: "join"; readonly at: number }
  | { readonly op: "close"; readonly at: number; readonly why: Why }
  | {
    readonly op: "defer";
    readonly at: number;
    readonly body: "returns" | "throws" | "waits";
    readonly nested: Nested | null;
  }
  | { readonly op: "wait"; readonly at: number; readonly ms: number | null } // null: for what a later step settles
  | { readonly op: "settle"; readonly at: number; readonly how: How } // a wait or a cleanup
  | { readonly op: "observe"; readonly at: number }
  | { readonly op: "advance"; readonly ms: number };

/** A program, and the host it runs on. */
export interface Program {
  /** How long the lifetime lasts, in milliseconds; null: not known. */
  readonly lifetime: number | null;
  readonly steps: readonly Step[];
}

/** One line for people. */
export function showStep({ op, ...rest }: Step): string {
  const words = Object.entries(rest).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return `${op.padEnd(8)} ${words.join(", ")}`;
}
