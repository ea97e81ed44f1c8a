/**
 * Service workers, and hosts that speak their language: `addEventListener("fetch", …)` with `event.waitUntil`.
 *
 * The specification gives no time; a host decides when to stop a worker. `waitUntil` may be called while the event is
 * dispatched, while `respondWith`'s promise is pending, and while other work is held; a later call throws
 * `InvalidStateError`, which is an error of ours here that says what to do.
 *
 * @module
 */
import { HostLifetime, type PlatformLifetime, type WaitUntilHost } from "./host.ts";
import { assertKnownOptions, type LifetimeLimit, limitOf, type LimitOverrides } from "./limits.ts";

export type { LifetimeLimit, LimitOverrides, PlatformLifetime, WaitUntilHost };

/** Options of {@linkcode serviceWorkerLifetime}. */
export interface ServiceWorkerOptions {
  /** How long your host lets a worker run after an event, in milliseconds, if you know. */
  readonly limits?: LimitOverrides | undefined;
}

/**
 * The lifetime of an event. Call it in the listener.
 *
 * @param event The event of the listener: `fetch`, `install`, `push`, …
 * @param options Limits.
 * @returns A lifetime for the scopes of this event.
 * @throws {TypeError} If `event` has no `waitUntil`, or a limit is of the wrong shape.
 * @throws {RangeError} If a limit is out of range.
 *
 * @example The answer is given, the audit goes on
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TaskScope } from "@taskscope/taskscope";
 * import { serviceWorkerLifetime } from "@taskscope/taskscope/service-worker";
 *
 * const held: Promise<unknown>[] = [];
 * const event = { waitUntil: (work: Promise<unknown>) => void held.push(work) }; // the host's, outside of an example
 * const log: string[] = [];
 * await TaskScope.run((scope) => {
 *   scope.spawnDetached(() => void log.push("audited"), { deadline: { seconds: 20 } });
 *   return new Response("started", { status: 202 });
 * }, { lifetime: serviceWorkerLifetime(event) });
 * await Promise.all(held);
 * assertEquals(log, ["audited"]);
 * ```
 */
export function serviceWorkerLifetime(event: WaitUntilHost, options: ServiceWorkerOptions = {}): PlatformLifetime {
  assertKnownOptions("service-worker", options, ["limits"]);
  return new HostLifetime(event, limitOf("service-worker", { limits: options.limits }));
}
