/**
 * What the lifetimes of all hosts have in common.
 *
 * Invariants:
 * 1. The host's `waitUntil` is called on its object, never patched, and with a native promise that always fulfills.
 * 2. A call that the host refuses throws, with a message that says what to do.
 *
 * @module
 */
import { LifetimeUnavailableError } from "../errors.ts";
import type { Lifetime } from "../lifetime.ts";
import { isThenable, wrong } from "../validate.ts";
import type { LifetimeLimit } from "./limits.ts";

/**
 * A lifetime that knows the limit of its host.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cloudflareLifetime, type PlatformLifetime } from "@taskscope/taskscope/cloudflare";
 *
 * const lifetime: PlatformLifetime = cloudflareLifetime({ waitUntil() {} });
 * assertEquals([lifetime.limit.ms, lifetime.limit.origin], [30_000, "response-end"]);
 * ```
 */
export interface PlatformLifetime extends Lifetime {
  /** The host's limit: how long, from when, and where that is written. */
  readonly limit: LifetimeLimit;
  /** The host, its limit and the reference, for error messages. */
  readonly source: string;
  /** Whether the host tells of a client that left; `undefined` if that is not known. */
  readonly disconnects?: "told" | "not told" | undefined;
  /** To be called when the response has been sent: where the clock starts then, it starts. */
  responseEnded(): void;
  /** To be called when the client is gone: where the clock starts then, it starts. */
  disconnected(): void;
}

/** Anything that has the host's own `waitUntil`. See {@linkcode PlatformLifetime}. */
export interface WaitUntilHost {
  /** Keeps the invocation alive until `work` has settled. */
  // deno-lint-ignore no-explicit-any -- the hosts' own types differ: Promise<any>, Promise<unknown>, void, any
  waitUntil(work: Promise<any>): unknown;
}

/** What else a host knows; read each time it is asked for. */
export interface HostClock {
  /** The end, in milliseconds since 1970; by default `limit.ms` after the invocation's start, where it counts from it. */
  readonly end?: () => number | undefined;
  readonly closing?: AbortSignal | undefined;
  readonly disconnects?: "told" | "not told" | undefined;
}

/** The lifetime of one invocation on a host. */
export class HostLifetime implements PlatformLifetime {
  readonly limit: LifetimeLimit;
  readonly source: string;
  readonly closing: AbortSignal | undefined;
  readonly disconnects: "told" | "not told" | undefined;
  readonly #host: WaitUntilHost;
  readonly #end: () => number | undefined;
  readonly #started = Date.now();
  #clockStarted: number | undefined; // when the response ended or the client left

  constructor(host: WaitUntilHost, limit: LifetimeLimit, { end, closing, disconnects }: HostClock = {}) {
    if (typeof host?.waitUntil !== "function") {
      const what = `Cannot use the lifetime of ${limit.platform}`;
      throw wrong(what, "an object with the host's waitUntil is needed", host);
    }
    this.#host = host;
    this.limit = limit;
    this.source = describe(limit);
    this.closing = closing;
    this.disconnects = disconnects;
    this.#end = end ?? (() => this.#endOfLimit());
  }

  /** The last moment that is sure. Before the clock has started, as much as there surely is from now on. */
  get deadline(): Date | undefined {
    const end = this.#end();
    return end === undefined ? undefined : new Date(end);
  }

  responseEnded(): void {
    this.#clockStarted ??= Date.now();
  }

  disconnected(): void {
    this.#clockStarted ??= Date.now(); // one clock for both
  }

  waitUntil(work: Promise<unknown>): void {
    const { platform } = this.limit;
    const what = `Cannot wait on ${platform}`;
    assertPromise(work, what);
    const held = neverRejects(work); // invariant 1
    try {
      this.#host.waitUntil(held);
    } catch (cause) { // invariant 2
      const message = `${what}: its waitUntil threw; call it while the handler runs or other work is held`;
      throw new LifetimeUnavailableError(message, { cause });
    }
  }

  #endOfLimit(): number | undefined {
    const { ms, origin } = this.limit;
    if (ms === null) return undefined;
    if (origin === "response-end") return (this.#clockStarted ?? Date.now()) + ms;
    return origin === "invocation-start" ? this.#started + ms : undefined;
  }
}

/**
 * @throws {TypeError} If it is no native promise: Supabase ignores thenables without a word, Cloudflare takes numbers.
 */
export function assertPromise(work: unknown, what: string): asserts work is Promise<unknown> {
  if (work instanceof Promise) return;
  const hint = isThenable(work) ? "a native promise, wrap the thenable with Promise.resolve()" : "a promise";
  throw wrong(what, `waitUntil needs ${hint}`, work);
}

/** A rejection would end the process, fail the batch of a queue, or be blamed on the next invocation. */
export function neverRejects(work: Promise<unknown>): Promise<void> {
  return work.then(() => {}, (error) => console.error("TaskScope: work given to waitUntil failed:", error));
}

/** One sentence about a limit, for people. */
export function describe({ platform, trigger, plan, ms, origin, ref, asOf }: LifetimeLimit): string {
  const length = ms === null ? "no known limit" : `${ms} ms`;
  const from = origin === "none" ? "" : ` from ${origin.replace("-", " ")}`;
  return `${platform} (${trigger}${plan ? `, ${plan}` : ""}: ${length}${from}; ${ref}, ${asOf})`;
}
