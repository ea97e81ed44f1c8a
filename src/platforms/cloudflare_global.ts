/**
 * Cloudflare Workers, where no `ctx` is at hand: the `waitUntil` that `cloudflare:workers` exports. An entry of its own,
 * because only Cloudflare knows that module.
 *
 * @module
 */
import { LifetimeUnavailableError } from "../errors.ts";
import { cloudflareLifetime, type CloudflareOptions } from "./cloudflare.ts";
import type { LifetimeLimit, LimitOverrides, PlatformLifetime, WaitUntilHost } from "./cloudflare.ts";

export type { CloudflareOptions, LifetimeLimit, LimitOverrides, PlatformLifetime, WaitUntilHost };

// Not a literal in the call: bundlers and other runtimes would try to resolve it.
const MODULE = ["cloudflare", "workers"].join(":");

/**
 * The lifetime of the invocation that is running now. Call it in the handler; work is attached to the request that runs
 * at that moment.
 *
 * @param options Trigger and limits.
 * @returns A lifetime for the scopes of this invocation.
 * @throws {LifetimeUnavailableError} If this is not a Worker with a compatibility date that has the import.
 *
 * @example Not on Cloudflare
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { LifetimeUnavailableError } from "@taskscope/taskscope";
 * import { cloudflareGlobalLifetime } from "@taskscope/taskscope/cloudflare/global";
 *
 * await assertRejects(() => cloudflareGlobalLifetime(), LifetimeUnavailableError, "cloudflare:workers");
 * ```
 */
export async function cloudflareGlobalLifetime(options: CloudflareOptions = {}): Promise<PlatformLifetime> {
  let workers: WaitUntilHost;
  try {
    workers = await import(MODULE);
  } catch (cause) {
    const message = `Cannot find the lifetime: ${MODULE} cannot be imported here, pass ctx to cloudflareLifetime`;
    throw new LifetimeUnavailableError(message, { cause });
  }
  return cloudflareLifetime(workers, options);
}
