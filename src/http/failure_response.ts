/**
 * What is answered when a request fails.
 *
 * @module
 */
import { AbandonedTasksError, DeadlineExceededError } from "../errors.ts";
import { wrong } from "../validate.ts";

const TEXT = {
  400: "Bad Request",
  499: "Client Closed Request",
  500: "Internal Server Error",
  503: "Service Unavailable",
  504: "Gateway Timeout",
} as const;

/** What may have ended a request from outside. */
export interface Ends {
  /** The name of the request's scope. */
  readonly origin: string;
  /** Aborts on a disconnect. */
  readonly client: AbortSignal;
  /** Aborts when the host is about to end. */
  readonly closing: AbortSignal | undefined;
}

/** The status that an error of a request means; 500 is one that somebody has to hear of. */
export function statusOf(error: unknown, { origin, client, closing }: Ends): 499 | 500 | 503 | 504 {
  const root = error instanceof AbandonedTasksError ? error.cause : error;
  if (client.aborted && root === client.reason) return 499;
  if (closing?.aborted && root === closing.reason) return 503;
  // One below this scope, or of another request, is an error like any other.
  return root instanceof DeadlineExceededError && root.origin === origin ? 504 : 500;
}

/** The answer for a status, without a word about the error. */
export function failureResponse(status: keyof typeof TEXT): Response {
  return new Response(TEXT[status], { status });
}

/** Whether it is a `Response`, of whichever class: polyfills and frameworks have their own. */
export function isResponse(value: unknown): value is Response {
  if (value instanceof Response) return true;
  const { status, headers } = Object(value) as Partial<Response>;
  return !(value instanceof Error) && typeof status === "number" && typeof headers?.get === "function";
}

/**
 * Whether it gets its content type from the platform: Bun knows that it was made of a string until anybody touches its
 * body. There a copy is looked at, and the response itself is sent.
 */
export function isTypedWhenSent(response: Response): boolean {
  return "Bun" in globalThis && response instanceof Response && !response.headers.has("content-type");
}

/**
 * @throws {TypeError} If it is not a `Response` that can be sent.
 */
export function assertResponse(value: unknown, name: string): asserts value is Response {
  const what = `Cannot answer "${name}"`;
  if (!isResponse(value)) throw wrong(what, "the handler must return a Response, or a promise of one", value);
  if (!value.bodyUsed && (isTypedWhenSent(value) || !value.body?.locked)) return;
  throw new TypeError(`${what}: the body of the response has been read already. Return a new Response, or a clone()`);
}
