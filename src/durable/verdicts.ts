/**
 * The verdicts of deliveries.
 *
 * @module
 */
import type { Verdict } from "./engine.ts";
import type { TaskEnding } from "./records.ts";

/** Done with. */
export const DONE: Verdict = { kind: "done" };

/** Given back, because the worker ends. */
export const GIVE_BACK: Verdict = { kind: "give-back" };

const LONGEST_REASON = 2_000; // characters

/** What an engine is to do with a message whose task has ended. */
export function verdictOf({ state, error }: Pick<TaskEnding, "state" | "error">): Verdict {
  return state === "dead" || state === "failed" ? dead(error?.message ?? state) : DONE;
}

/** To be kept with the reason. */
export function dead(reason: string): Verdict {
  return { kind: "dead", reason: cut(reason) };
}

/** A reason that every store takes: not too long, and well-formed. */
export function cut(reason: string): string {
  const short = reason.length > LONGEST_REASON ? `${reason.slice(0, LONGEST_REASON - 1)}…` : reason;
  return short.replaceAll("\u0000", "\ufffd").toWellFormed(); // PostgreSQL takes no NUL
}
