/**
 * Errors of drivers, made fit for a log.
 *
 * @module
 */
import { show } from "./validate.ts";

const MOST_CAUSES = 4;

const KNOWN = ["name", "message", "stack", "cause", "errors"];

/**
 * An error to be logged: itself, unless a driver has put something into it, such as ioredis the command that failed and its
 * arguments, which are what was to be stored, or the password. Then it is a text with names, messages and stacks, also of
 * causes and of several in one: Bun shows of a copy where it was copied, and nothing of several in one.
 */
export function bareError(error: unknown): unknown {
  return isBare(error, MOST_CAUSES) ? error : textOf(error, MOST_CAUSES);
}

function isBare(error: unknown, depth: number): boolean {
  if (Object(error) !== error) return true;
  if (!(error instanceof Error) || depth < 0) return false;
  const { cause, errors = [] } = error as Partial<AggregateError>;
  const isKnown = (key: string | symbol) =>
    KNOWN.includes(String(key)) || !Object.prototype.propertyIsEnumerable.call(error, key);
  return Reflect.ownKeys(error).every(isKnown) && [cause, errors].flat().every((each) => isBare(each, depth - 1));
}

function textOf(error: unknown, depth: number): string {
  if (!(error instanceof Error)) return show(error);
  const { name, message, stack, cause, errors } = error as Partial<AggregateError>;
  const lines = [`${name}: ${message}`, ...String(stack).split("\n").filter((line) => /^ +at /.test(line))];
  const within = (title: string, inner: unknown) => {
    lines.push(...`  [${title}]: ${textOf(inner, depth - 1)}`.split("\n").map((line, at) => at ? `  ${line}` : line));
  };
  if (cause !== undefined && depth > 0) within("cause", cause);
  if (Array.isArray(errors) && depth > 0) errors.forEach((each, at) => within(`errors ${at + 1}`, each));
  return lines.join("\n");
}
