/**
 * Cloudflare Workers and Durable Objects.
 *
 * A Worker that answered has 30 seconds for all its detached work together, counted from the end of the response or from
 * the disconnect. Then it is canceled: no signal comes before, no `finally` runs. Cron, queue and alarm handlers have 15
 * minutes from their start; a Durable Object lives as long as it is used.
 *
 * **Guarantees.** Until the response has ended, 30 seconds from now are sure, and no more is promised; when
 * `responseEnded()` or `disconnected()` is called, whichever is first, the deadline stands. `ctx.waitUntil` is called on
 * its object and never replaced. Nothing here is made at module level.
 *
 * The client's disconnect is known only with the compatibility flag `enable_request_signal`; without it,
 * `request.signal` never aborts. The lifetime's `disconnects` says which it is. Give the request's scope that signal: when
 * something detached is pending, the host lets the handler itself run on after a disconnect, too.
 *
 * @module
 */
import { hasCompatibilityFlag } from "./globals.ts";
import { HostLifetime, type PlatformLifetime, type WaitUntilHost } from "./host.ts";
import { assertKnownOptions, type LifetimeLimit, limitOf, type LimitOverrides } from "./limits.ts";

export type { LifetimeLimit, LimitOverrides, PlatformLifetime, WaitUntilHost };

/** Options of {@linkcode cloudflareLifetime}. */
export interface CloudflareOptions {
  /**
   * What began the invocation.
   *
   * @default "http"; "durable-object" for the `ctx` of one
   */
  readonly trigger?: "http" | "cron" | "queue" | "alarm" | "durable-object" | undefined;
  /** Limits you know better, in milliseconds. */
  readonly limits?: LimitOverrides | undefined;
}

/**
 * The lifetime of an invocation of a Worker.
 *
 * @param ctx The third argument of `fetch`, `scheduled` and `queue`, or `this.ctx` of a Durable Object.
 * @param options Trigger and limits.
 * @returns A lifetime for the scopes of this invocation.
 * @throws {TypeError} If `ctx` has no `waitUntil`, or a limit is of the wrong shape.
 * @throws {RangeError} If a limit is out of range.
 *
 * @example Detached work of a request
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { LifetimeLimitError, TaskScope } from "@taskscope/taskscope";
 * import { cloudflareLifetime } from "@taskscope/taskscope/cloudflare";
 *
 * const held: Promise<unknown>[] = [];
 * const ctx = { waitUntil: (work: Promise<unknown>) => void held.push(work) }; // Cloudflare's, outside of an example
 * await TaskScope.run((scope) => {
 *   scope.spawnDetached(() => {}, { name: "audit", deadline: { seconds: 20 } });
 *   assertThrows(() => scope.spawnDetached(() => {}, { deadline: { minutes: 1 } }), LifetimeLimitError, "cloudflare");
 * }, { lifetime: cloudflareLifetime(ctx) });
 * assertEquals(held.length, 1);
 * await Promise.all(held);
 * ```
 */
export function cloudflareLifetime(ctx: WaitUntilHost, options: CloudflareOptions = {}): PlatformLifetime {
  assertKnownOptions("cloudflare", options, ["trigger", "limits"]);
  const { trigger = isDurableObject(ctx) ? "durable-object" : "http", limits } = options;
  return new HostLifetime(ctx, limitOf("cloudflare", { trigger, limits }), { disconnects: disconnects() });
}

/** Whether `request.signal` aborts here when the client leaves: workerd lists the flags it runs with. */
function disconnects(): "told" | "not told" | undefined {
  const isTold = hasCompatibilityFlag("enable_request_signal");
  return isTold === undefined ? undefined : isTold ? "told" : "not told";
}

function isDurableObject(ctx: unknown): boolean {
  return typeof ctx === "object" && ctx !== null && "storage" in ctx && "id" in ctx;
}
