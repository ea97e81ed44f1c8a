/**
 * What a client can be told, and what it takes where it is told nothing.
 *
 * @module
 */
import { assertCount, assertFunction, assertNumber, assertOptions, show, wrong } from "../../validate.ts";

/** Options of {@linkcode operationsClient}. Times are in milliseconds. */
export interface OperationsClientOptions {
  /**
   * The path under which the server has its operations, below the base URL.
   *
   * @default "/operations"
   */
  readonly path?: string;
  /** Sent with each request; a function is called for each, so that a token can be a fresh one. */
  readonly headers?: RequestInit["headers"] | (() => RequestInit["headers"] | Promise<RequestInit["headers"]>);
  /**
   * Makes the requests: to send cookies to another origin, for a service binding of workerd, or in tests.
   *
   * @default the global fetch
   */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /**
   * How often a start, a read or a cancellation is sent at most. Again after no answer, and after 408, 429, 502 and
   * above, not before the time in `Retry-After`, and not later than a minute after the first failure.
   *
   * @default 5
   */
  readonly attempts?: number;
  /**
   * How long following goes on while no answer comes, in milliseconds. Infinity: until its signal aborts.
   *
   * @default 5 minutes
   */
  readonly patience?: number;
  /**
   * The pause before the second attempt, in milliseconds. It doubles with each one more, up to 30 seconds, and varies
   * by up to a half.
   *
   * @default 500
   */
  readonly backoff?: number;
  /**
   * How long an open stream of events may be silent before it is taken for dead, in milliseconds. The server says
   * something every 15 s.
   *
   * @default 45 seconds
   */
  readonly silence?: number;
  /**
   * `false`: follow by long-polling only.
   *
   * @default true
   */
  readonly events?: boolean;
  /**
   * Is told of each failure after which an attempt is made again, and in how many milliseconds. To show "reconnecting",
   * or to log.
   */
  readonly onRetry?: (error: unknown, delay: number) => void;
}

/** All of it, with the defaults filled in. */
export interface Settings extends Required<Omit<OperationsClientOptions, "headers" | "onRetry">> {
  /** Without a slash at its end. */
  readonly base: string;
  readonly headers: OperationsClientOptions["headers"];
  readonly onRetry: OperationsClientOptions["onRetry"];
}

const OPTIONS = ["path", "headers", "fetch", "attempts", "patience", "backoff", "silence", "events", "onRetry"];
const WHAT = "Cannot make a client of operations";

/**
 * @throws {TypeError} If the base is no URL, or an option is unknown or of the wrong type.
 * @throws {RangeError} If a number is out of range.
 */
export function settingsOf(baseUrl: string | URL, options: OperationsClientOptions): Settings {
  assertOptions(options, OPTIONS, WHAT);
  const { path = "/operations", headers, events = true, onRetry } = options;
  const { attempts = 5, patience = 300_000, backoff = 500, silence = 45_000 } = options;
  // Bare, it would be called as a method of the settings, which browsers refuse.
  const { fetch = (url: string, init: RequestInit) => globalThis.fetch(url, init) } = options;
  if (typeof path !== "string" || !path.startsWith("/") || path.endsWith("/")) {
    throw wrong(WHAT, 'path must start with "/" and not end with it', path);
  }
  assertFunction(fetch, `${WHAT}: fetch`);
  if (onRetry !== undefined) assertFunction(onRetry, `${WHAT}: onRetry`);
  if (typeof events !== "boolean") throw wrong(WHAT, "events must be true or false", events);
  if (typeof headers !== "function") new Headers(headers); // throws on what cannot be sent
  assertCount(attempts, "attempts", WHAT);
  assertNumber(patience, "patience", WHAT, 0, Infinity);
  assertNumber(backoff, "backoff", WHAT, 0);
  assertNumber(silence, "silence", WHAT, 1);
  return { base: baseOf(baseUrl), path, headers, fetch, attempts, patience, backoff, silence, events, onRetry };
}

function baseOf(baseUrl: string | URL): string {
  const { location } = globalThis as { location?: { href: string } };
  const isText = typeof baseUrl === "string" || baseUrl instanceof URL;
  const url = isText && URL.canParse(baseUrl, location?.href) ? new URL(baseUrl, location?.href) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
  throw new TypeError(`${WHAT}: the base must be an http(s) URL, or a path in a browser, got ${show(baseUrl)}`);
}
