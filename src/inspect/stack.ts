/**
 * The stack of a call as text, whatever the program has done to `Error`.
 *
 * @module
 */

/** The folder of this library's sources; in a bundle it has none. */
export const SOURCES: string | undefined = /^(.*\/src\/)inspect\/stack\.[jt]s$/.exec(import.meta.url)?.[1];

interface ErrorConstructorOfV8 {
  /** V8 and Bun: leaves out all frames down to `boundary`; no frames at all if it is not among them. */
  captureStackTrace?(target: object, boundary: unknown): void;
  stackTraceLimit?: unknown;
}

/**
 * The stack as text; never throws.
 *
 * @param boundary A function on the stack: it and what it called are left out where the engine can do that.
 * @param limit How many frames.
 * @returns In the form of the engine; empty if it cannot be told.
 */
export function stackFrom(boundary: unknown, limit: number): string {
  const errors = Error as unknown as ErrorConstructorOfV8;
  const { stackTraceLimit } = errors;
  try {
    errors.stackTraceLimit = limit;
  } catch {
    // frozen: as many frames as there are
  }
  try {
    const holder: { stack?: unknown } = errors.captureStackTrace ? {} : new Error();
    errors.captureStackTrace?.(holder, boundary);
    // As text at once: an error keeps the functions on its stack, and all that they see.
    return typeof holder.stack === "string" ? holder.stack : ""; // source maps may make something else of it
  } catch {
    return "";
  } finally {
    try {
      errors.stackTraceLimit = stackTraceLimit;
    } catch {
      // as above
    }
  }
}
