/**
 * What would be refused again the next time, so that nothing is tried again for it.
 *
 * @module
 */

/** An input, or a context value, that its schema refuses. */
export class InputError extends TypeError {}

/** The body of a request whose input cannot be a message: it is nested too deep, or has files. */
export class BodyError extends TypeError {}

/** A message that is longer than the engine takes. */
export class TooLongError extends RangeError {}

/** What a function returned cannot be kept. */
export class ResultError extends TypeError {}
