/**
 * What a recorder writes in place of words: the code of an event.
 *
 * @module
 */
import type { CancelKind } from "../errors.ts";
import type { ErrorPhase } from "../observer.ts";
import type { EndState, SpawnKind } from "./events.ts";

/** The types of events: the low three bits of a code. */
export const TYPES = ["start", "spawn", "settle", "late-settle", "cancel", "deadline", "abandon", "error"] as const;
export const START = 0;
export const SPAWN = 1;
export const SETTLE = 2;
export const LATE_SETTLE = 3;
export const CANCEL = 4;
export const DEADLINE = 5;
export const ABANDON = 6;
export const ERROR = 7;
export const TYPE = 7;

/** What else there is of an event: a number from the fourth bit on. */
export const DETAIL = 3;
export const KINDS: readonly SpawnKind[] = ["scope", "task", "detached", "shield"];
export const STATES: readonly EndState[] = ["succeeded", "failed", "canceled"];
export const CANCEL_KINDS: readonly CancelKind[] = [
  "canceled",
  "deadline",
  "sibling-failed",
  "body-failed",
  "closed",
  "disconnected",
  "shutdown",
  "lifetime",
];
export const PHASES: readonly ErrorPhase[] = ["body", "cleanup", "after-abandon"];
/** Of a spawn: it waits for a place. Of an end: it was late. */
export const FLAG = 64;
/** Of a spawn: it has a deadline. */
export const LIMITED = 128;
/** Its text is two in one. */
export const TWO = 256;
