/**
 * What a span says of a thrown value, which may be anything.
 *
 * @module
 */
import { show } from "../validate.ts";
import { inert } from "./inert.ts";

const LONGEST_MESSAGE = 4_096;
const LONGEST_STACK = 16_384;

/** What can be told of a thrown value. */
export interface ErrorFacts {
  /** For `error.type` and `exception.type`: a name that code has, or `_OTHER`. */
  readonly type: string;
  readonly message: string;
}

const NAME = /^[\w.$-]{1,64}$/;
const FRAME = /^\s+at .*$|^.{0,200}@.+:\d+:\d+$/;

/** Looks at anything that can be thrown; an object that resists is told without details. */
export function factsOf(error: unknown): ErrorFacts {
  try {
    const { name, message } = Object(error) as { name?: unknown; message?: unknown };
    if (typeof error !== "object" || typeof message !== "string") {
      return { type: "_OTHER", message: inert(show(error), LONGEST_MESSAGE) };
    }
    const type = typeof name === "string" && NAME.test(name) ? name : "_OTHER";
    return { type, message: inert(message, LONGEST_MESSAGE) };
  } catch {
    return { type: "_OTHER", message: "a value that cannot be looked at" };
  }
}

/** The stack of what was thrown, if it has one. Apart from the facts: engines make it when somebody first asks. */
export function stackOf(error: unknown, { type, message }: ErrorFacts): string | undefined {
  try {
    const { stack } = error as { stack?: unknown };
    return typeof error === "object" && typeof stack === "string" ? framesOf(`${type}: ${message}`, stack) : undefined;
  } catch {
    return undefined;
  }
}

/** The frames below a first line of ours: the one of the runtime has the message as it is, line breaks included. */
function framesOf(first: string, stack: string): string {
  const lines = stack.slice(0, LONGEST_STACK).split("\n").filter((line) => FRAME.test(line));
  return [first, ...lines.map((line) => inert(line))].join("\n");
}
