/**
 * What a node is, and what has happened to it: bits of `node.flags`. Imported as a namespace, so that a bundler folds
 * them into numbers.
 *
 * @module
 */

/** Waits for a place among its siblings. */
export const QUEUED = 1;
/** Its function has ended or was abandoned; a scope without a function: `join` or `close` was called. */
export const BODY_DONE = 2;
/** Runs its deferred cleanup. */
export const CLEANING = 4;
/** Has ended for good. */
export const SETTLED = 8;
/** Ended as canceled, or has a child that did, for the reason it was itself canceled for (G8). */
export const CUT = 16;
/** Its function did not end in time (G9). */
export const ABANDONED = 32;
/** Somebody reads how it ends. */
export const OBSERVED = 64;
/** Is canceled because its own deadline passed. */
export const EXPIRED = 128;
/** Somebody has read the failure that its own failure comes from. */
export const SEEN = 256;
/** Outer cancellation and deadlines do not reach it. */
export const SHIELD = 512;
/** A scope made with `new`: it has no function. */
export const MANUAL = 1024;
/** Always fails with a ScopeError. */
export const AGGREGATE = 2048;
/** Its grace has passed, but a shield below it still runs. */
export const GRACE_DUE = 4096;
/** Its failure belongs to whoever awaits it; the scope only has it when nobody does. */
export const CALL = 8192;
/** Belongs to a lifetime. */
export const DETACHED = 16384;
/** Ended well, but canceled or after its deadline. */
export const LATE = 32768;
/** Failures of children do not cancel their siblings. */
export const SUPERVISE = 65536;
/** Its primary failure came from its cleanup. */
export const CLEANUP_FAILED = 131072;
/** Its grace has passed, and those above what was abandoned had a turn to end. */
export const LAST_TURN = 262144;
/** Is canceled because its host is about to end. */
export const CUT_OFF = 524288;
