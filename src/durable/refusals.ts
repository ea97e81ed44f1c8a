/**
 * What would be refused again the next time, so that nothing is tried again for it.
 *
 * @module
 */

/** An input, or a context value, that its schema refuses. */
export class InputError extends TypeError {}

/** What a function returned cannot be kept. */
export class ResultError extends TypeError {}
