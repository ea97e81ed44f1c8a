/**
 * Errors of drivers, made fit for a log.
 *
 * @module
 */

const MOST_CAUSES = 4;

/**
 * An error as it is, without what a driver has put into it: that of ioredis has the command that failed and its arguments,
 * which are what was to be stored, or the password. Names, messages and stacks stay, also of causes and of several in one.
 */
export function bareError(error: unknown, depth: number = MOST_CAUSES): unknown {
  if (!(error instanceof Error)) return error;
  const bare = new Error();
  const { name, message, stack, cause, errors } = error as Partial<AggregateError>;
  const parts: Record<string, unknown> = { name, message, stack };
  if (cause !== undefined && depth > 0) parts.cause = bareError(cause, depth - 1);
  if (Array.isArray(errors) && depth > 0) parts.errors = errors.map((each) => bareError(each, depth - 1));
  for (const [key, value] of Object.entries(parts)) {
    Object.defineProperty(bare, key, { value, configurable: true, writable: true });
  }
  return bare;
}
