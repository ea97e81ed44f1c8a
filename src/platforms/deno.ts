/**
 * Deno, on a machine of your own and on Deno Deploy: the process is the lifetime.
 *
 * On a machine of your own, SIGTERM and SIGINT drain the process for 10 seconds. Deno Deploy sends SIGINT and kills 5
 * seconds later; it has no `waitUntil`, and ends an instance that had no traffic for 5 seconds to 10 minutes.
 *
 * @module
 */
import type { ProcessLifetime } from "../process_lifetime.ts";
import { processLifetime, type ProcessLifetimeOptions } from "../shutdown_signals.ts";
import { readEnv } from "./globals.ts";
import { limitOf } from "./limits.ts";

/**
 * Whether this is Deno Deploy; `false` if the environment may not be read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isDenoDeploy } from "@taskscope/taskscope/deno";
 *
 * assertEquals(isDenoDeploy(), false); // here
 * ```
 */
export function isDenoDeploy(): boolean {
  return readEnv("DENO_DEPLOY") === "true";
}

/**
 * The lifetime of this process. Call it once, when the program starts.
 *
 * @param options As for `processLifetime`; by default `signals` are SIGTERM and SIGINT, and on Deno Deploy `drain` is 5
 * seconds.
 * @returns The one lifetime of the process.
 * @throws {TypeError} If an option is unknown or of the wrong type.
 *
 * @example
 * ```ts
 * import { assertStrictEquals } from "@std/assert";
 * import { processLifetime } from "@taskscope/taskscope";
 * import { denoLifetime } from "@taskscope/taskscope/deno";
 *
 * assertStrictEquals(denoLifetime({ signals: [] }), processLifetime());
 * ```
 */
export function denoLifetime(options: ProcessLifetimeOptions = {}): ProcessLifetime {
  const { ms } = limitOf(isDenoDeploy() ? "deno-deploy" : "deno");
  return processLifetime({ signals: ["SIGTERM", "SIGINT"], drain: ms ?? 0, ...options });
}
