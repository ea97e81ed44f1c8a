/**
 * Text and errors as they may go to a tracing system: bounded, and without characters that act on whoever prints them.
 *
 * @module
 */
import { show } from "../validate.ts";

// The two joiners stay: emoji and some scripts are made with them.
const ACTING = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const PLAIN = /^[ -~]*$/; // nearly every name, and ten times as fast to see
const LONGEST_MESSAGE = 4_096;
const LONGEST_STACK = 16_384;

/** A text cut to `longest` characters; control, format and bidi characters and line breaks become visible escapes. */
export function inert(text: string, longest = 1_024): string {
  const cut = text.slice(0, longest);
  if (PLAIN.test(cut)) return cut;
  return cut.replace(ACTING, (char) => {
    const code = char.codePointAt(0) as number;
    return code >= 0xd800 && code <= 0xdfff ? "\ufffd" : `\\u{${code.toString(16)}}`;
  });
}

const LONGEST_PATH = 1_024;

/** A path as text; of one that is too long, the end, which says more. */
export function inertPath(path: string): string {
  return inert(path.length > LONGEST_PATH ? `…${path.slice(1 - LONGEST_PATH)}` : path);
}

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
