/**
 * What goes through an engine: a versioned envelope around the input of a task, checked on both sides.
 *
 * @module
 */
import {
  type core,
  gte,
  int,
  literal,
  lte,
  maxLength,
  minLength,
  object,
  optional,
  record,
  refine,
  regex,
  string,
  unknown,
} from "zod/mini";
import { inertText } from "../inert_text.ts";

/** The version that is written here, and the only one that is read. */
export const VERSION = 1;

/** Longest names, keys and values that are no input, in characters. */
export const LONGEST_NAME = 200;
const LAST_MOMENT = 8.64e15; // the end of what a Date can hold

const moment = int().check(gte(0), lte(LAST_MOMENT));
const text = string().check(minLength(1), maxLength(255));

// A store may take half a surrogate pair for another one: then two keys would be one.
const idempotencyKey = text.check(refine((key) => key.isWellFormed(), "Invalid input: expected well-formed text"));

// Not strict: a later release may write more without being another version.
const schema = object({
  v: literal(VERSION),
  task: string().check(minLength(1), maxLength(LONGEST_NAME)),
  input: optional(unknown()),
  deadline: moment,
  enqueuedAt: moment,
  key: idempotencyKey,
  attempt: int().check(gte(1)),
  context: record(string(), unknown()),
  traceparent: optional(string().check(maxLength(512))),
  operation: optional(string().check(regex(/^[a-z0-9-]{1,64}$/))),
});

/** What goes through an engine. Times are milliseconds since 1970, by the clock of the producer. */
export interface Envelope {
  /** The version. */
  readonly v: typeof VERSION;
  /** The name of the task. */
  readonly task: string;
  /** Its input, as it was given: the schema is asked again where it runs. */
  readonly input?: unknown;
  /** When it must be over. */
  readonly deadline: number;
  /** When it was made. */
  readonly enqueuedAt: number;
  /** The idempotency key. */
  readonly key: string;
  /** The number of the first delivery. */
  readonly attempt: number;
  /** The context values that were declared transferable, by name. */
  readonly context: Readonly<Record<string, unknown>>;
  /** The trace that it belongs to, as W3C Trace Context has it. */
  readonly traceparent?: string | undefined;
  /** The id of the operation that it is. */
  readonly operation?: string | undefined;
}

/**
 * Writes an envelope.
 *
 * @throws {TypeError} If it would not be read again.
 */
export function seal(envelope: Envelope, what: string): string {
  const { error } = schema.safeParse(envelope);
  if (error) throw new TypeError(`${what}: its envelope is wrong: ${textOf(error)}`);
  return JSON.stringify(envelope);
}

/**
 * Reads an envelope.
 *
 * @returns The envelope, or why it is none.
 */
export function unseal(body: string): { readonly envelope: Envelope } | { readonly reason: string } {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    return { reason: `The message is not JSON: ${inertText((error as Error).message)}` }; // which cites it
  }
  const { v } = Object(value) as { v?: unknown };
  if (v !== VERSION) {
    return { reason: `The envelope has version ${showVersion(v)}, only ${VERSION} is known here` };
  }
  const { data, error } = schema.safeParse(value);
  return error ? { reason: `The envelope is wrong: ${textOf(error)}` } : { envelope: data as Envelope };
}

/** Of a stranger: an object may be nested deeper than it can be written. */
function showVersion(v: unknown): string {
  if (typeof v === "string") return `"${inertText(v, 80)}"`;
  return typeof v === "object" && v !== null ? "that is an object" : String(v);
}

function textOf({ issues }: core.$ZodError): string {
  return issues.slice(0, 5).map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
}
