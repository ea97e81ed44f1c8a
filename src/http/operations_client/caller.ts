/**
 * Requests to the server, and what its answers say.
 *
 * @module
 */
import type { Operation } from "../operations/operation.ts";
import { OperationProblem, ServerUnreachableError } from "./errors.ts";
import { Line } from "./line.ts";
import type { Settings } from "./options.ts";
import { Retries } from "./retries.ts";

/** One request. */
export interface Call {
  /** What is attempted, for messages. */
  readonly what: string;
  readonly url: string;
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: RequestInit["body"];
  readonly signal?: AbortSignal | undefined;
  /** Within how many milliseconds there has to be an answer. */
  readonly within?: number;
  /** `false` if it must not be sent twice. */
  readonly repeatable?: boolean;
}

/** An operation as it was answered. */
export interface Answer {
  /** Missing if it is as the caller knows it. */
  readonly operation?: Operation;
  readonly etag: string | undefined;
  /** In milliseconds. */
  readonly retryAfter: number | undefined;
}

const LONGEST_WAIT = 60_000;
const LONGEST_DETAIL = 300;

/** Where an operation is. */
export function urlOf({ base, path }: Settings, id: string): string {
  return `${base}${path}/${encodeURIComponent(id)}`;
}

/** Sends a request over a line, once. */
export async function open(settings: Settings, call: Call, line: Line): Promise<Response> {
  const { url, what, method = "GET", body = null } = call;
  const own = settings.headers;
  const headers = new Headers(typeof own === "function" ? await own() : own);
  call.headers?.forEach((value, name) => headers.set(name, value));
  const init: RequestInit & { duplex?: "half" } = { method, headers, body, signal: line.signal };
  if (body instanceof ReadableStream) init.duplex = "half"; // Node and browsers want it
  line.expect(call.within);
  return await heard(what, () => settings.fetch(url, init));
}

/** Turns any failure of the network into one kind of error. */
export async function heard<T>(what: string, attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    throw new ServerUnreachableError(what, error);
  }
}

/** Sends a request and reads the operation that is its answer, once. */
export async function ask(settings: Settings, call: Call): Promise<Answer> {
  const { what, signal } = call;
  const line = new Line(signal);
  try {
    const response = await open(settings, call, line);
    const { status, headers } = response;
    const more = { etag: headers.get("etag") ?? undefined, retryAfter: retryAfterOf(headers) };
    if (status === 304) return more;
    const text = await heard(what, () => response.text());
    if (!response.ok) throw problemOf(what, response, text);
    const operation = parseOperation(text);
    if (!operation) throw problemOf(what, response, "The answer is not an operation");
    return { ...more, operation };
  } catch (error) {
    signal?.throwIfAborted(); // whatever came of it
    throw error;
  } finally {
    line.end();
  }
}

/** As {@linkcode ask}, and again if there is no answer, or one that asks for patience. */
export async function askUntilAnswered(settings: Settings, call: Call): Promise<Answer> {
  const attempts = call.repeatable === false ? 1 : settings.attempts;
  const retries = new Retries(settings, { attempts, patience: LONGEST_WAIT }, call.signal);
  for (;;) {
    try {
      return await ask(settings, call);
    } catch (error) {
      await retries.wait(error);
    }
  }
}

/** `undefined` if it is none. */
export function parseOperation(text: string): Operation | undefined {
  const { id, state, revision } = parseObject(text);
  const isOperation = typeof id === "string" && typeof state === "string" && typeof revision === "number";
  return isOperation ? JSON.parse(text) : undefined;
}

/** What an answer that is not an operation says. */
export function problemOf(what: string, { status, statusText, headers }: Response, text: string): OperationProblem {
  const { type = "about:blank", title = statusText, detail, errors = [] } = parseObject(text);
  const parts = {
    type: String(type),
    title: String(title),
    detail: typeof detail === "string" ? detail : text.trim().slice(0, LONGEST_DETAIL) || undefined,
    errors: Array.isArray(errors) ? errors : [],
  };
  return new OperationProblem(what, status, parts, retryAfterOf(headers));
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

/** In milliseconds from now; the header has seconds, or a moment. */
function retryAfterOf(headers: Headers): number | undefined {
  const text = headers.get("retry-after");
  if (!text) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}
