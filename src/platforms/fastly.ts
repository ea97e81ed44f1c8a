/**
 * Fastly Compute.
 *
 * A guest has two minutes in all, detached work included. `event.waitUntil` has to be called while the event is
 * dispatched; afterwards only while something is still held (`respondWith`'s promise, other work) or the response
 * streams. A late call throws. There is no `request.signal`: of a disconnect nobody tells.
 *
 * @module
 */
import { HostLifetime, type PlatformLifetime, type WaitUntilHost } from "./host.ts";
import { assertKnownOptions, type LifetimeLimit, limitOf, type LimitOverrides } from "./limits.ts";

export type { LifetimeLimit, LimitOverrides, PlatformLifetime, WaitUntilHost };

/** Options of {@linkcode fastlyLifetime}. */
export interface FastlyOptions {
  /** Limits you know better, in milliseconds. */
  readonly limits?: LimitOverrides | undefined;
}

/**
 * The lifetime of a guest.
 *
 * @param event The event of the `fetch` listener.
 * @param options Limits.
 * @returns A lifetime for the scopes of this request.
 * @throws {TypeError} If `event` has no `waitUntil`, or a limit is of the wrong shape.
 * @throws {RangeError} If a limit is out of range.
 *
 * @example A late call
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { LifetimeUnavailableError } from "@taskscope/taskscope";
 * import { fastlyLifetime } from "@taskscope/taskscope/fastly";
 *
 * const event = { // Fastly's, when the response has been sent
 *   waitUntil() {
 *     throw new Error("FetchEvent#waitUntil called on inactive event");
 *   },
 * };
 * assertThrows(() => fastlyLifetime(event).waitUntil(Promise.resolve()), LifetimeUnavailableError, "while the handler");
 * ```
 */
export function fastlyLifetime(event: WaitUntilHost, options: FastlyOptions = {}): PlatformLifetime {
  assertKnownOptions("fastly", options, ["limits"]);
  return new HostLifetime(event, limitOf("fastly", { limits: options.limits }), { disconnects: "not told" });
}
