/**
 * What the parts of `watchMisuse` have in common.
 *
 * @module
 */
import type { ScopeNode } from "../../scope_node.ts";
import type { Sight } from "../../watch.ts";

/** What was misused; see `watchMisuse`. See {@linkcode watchMisuse}. */
export type MisuseKind =
  | "unseen-error"
  | "scope-not-closed"
  | "cancellation-ignored"
  | "queue-deadlock"
  | "closed-scope-used"
  | "deadline-too-long";

/**
 * One warning. All its texts are single lines without control characters, whatever names and errors contain. See
 * {@linkcode watchMisuse}.
 */
export interface MisuseWarning {
  /** What was misused. */
  readonly kind: MisuseKind;
  /** What happened, and what to do; with the place. */
  readonly message: string;
  /** Where in your code, such as `file:///app/main.ts:12:9`; `undefined` if only others' code was on the stack. */
  readonly place: string | undefined;
  /** The path of the scope or task. */
  readonly path: string;
  /** When, in milliseconds since 1970. */
  readonly at: number;
}

/** What a detector has seen. */
export interface Finding {
  readonly kind: MisuseKind;
  readonly path: string;
  readonly place: string | undefined;
  /** What happened, a sentence without a full stop. */
  readonly what: string;
  /** What to do, likewise. */
  readonly advice: string;
  /** What happened at the place, such as "Spawned". */
  readonly verb: string;
}

/** What detectors work with. */
export interface Desk {
  /** How long the patience with ignored cancellation and full scopes lasts, in milliseconds. */
  readonly patience: number;
  /** Tells of it, unless that kind at that place has been told. */
  readonly warn: (finding: Finding) => void;
  /** Where a node was spawned or opened, or the nearest above it of which that is known. */
  readonly placeOf: (node: ScopeNode) => string | undefined;
}

/** Looks for one kind of misuse, and keeps no node. */
export interface Detector {
  /** Sees what a watcher sees. */
  readonly see?: (node: ScopeNode, sight: Sight, args: readonly unknown[]) => void;
  /** Ends what else it listens to. */
  readonly stop?: () => void;
}
