/**
 * Bun: the process is the lifetime.
 *
 * Detached work lives as long as the process. On SIGTERM and SIGINT the process drains, cancels what does not fit for a
 * reason of kind `shutdown`, and ends.
 *
 * A WebSocket upgrade goes before `scoped`, as it has no `Response`:
 * `fetch: (request, server) => server.upgrade(request) ? undefined : handler(request)`.
 *
 * @module
 */
import type { ProcessLifetime } from "../process_lifetime.ts";
import { processLifetime, type ProcessLifetimeOptions } from "../shutdown_signals.ts";

/**
 * The lifetime of this process. Call it once, when the program starts.
 *
 * @param options As for `processLifetime`; `signals` are SIGTERM and SIGINT unless you say otherwise.
 * @returns The one lifetime of the process.
 * @throws {TypeError} If an option is unknown or of the wrong type.
 *
 * @example
 * ```ts
 * import { assertStrictEquals } from "@std/assert";
 * import { processLifetime } from "@taskscope/taskscope";
 * import { bunLifetime } from "@taskscope/taskscope/bun";
 *
 * assertStrictEquals(bunLifetime({ signals: [] }), processLifetime());
 * ```
 */
export function bunLifetime(options: ProcessLifetimeOptions = {}): ProcessLifetime {
  return processLifetime({ signals: ["SIGTERM", "SIGINT"], ...options });
}
