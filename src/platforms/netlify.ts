/**
 * Netlify functions and edge functions.
 *
 * Detached work shares the function's time, counted from the start of the invocation: 60 seconds, 30 for a scheduled
 * function, 15 minutes for a background function; then it is ended without a warning. For edge functions no number is
 * published.
 *
 * @module
 */
import { LifetimeUnavailableError } from "../errors.ts";
import { globals, read } from "./globals.ts";
import { HostLifetime, type PlatformLifetime, type WaitUntilHost } from "./host.ts";
import { assertKnownOptions, type LifetimeLimit, limitOf, type LimitOverrides } from "./limits.ts";

export type { LifetimeLimit, LimitOverrides, PlatformLifetime, WaitUntilHost };

/** Options of {@linkcode netlifyLifetime}. */
export interface NetlifyOptions {
  /**
   * The kind of function.
   *
   * @default "http"
   */
  readonly trigger?: "http" | "cron" | "background" | "edge" | undefined;
  /** Limits you know better, in milliseconds. */
  readonly limits?: LimitOverrides | undefined;
}

/**
 * The request's context on Netlify; `undefined` elsewhere.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { netlifyContext } from "@taskscope/taskscope/netlify";
 *
 * assertEquals(netlifyContext(), undefined); // here
 * ```
 */
export function netlifyContext(): WaitUntilHost | undefined {
  const context = globals().Netlify?.context;
  return typeof read(context, "waitUntil") === "function" ? context as WaitUntilHost : undefined;
}

/**
 * The lifetime of an invocation. Call it first thing in the handler.
 *
 * @param context The handler's second argument; by default `Netlify.context`.
 * @param options Trigger and limits.
 * @returns A lifetime for the scopes of this invocation.
 * @throws {LifetimeUnavailableError} If no context is given and there is none.
 * @throws {TypeError} If `context` has no `waitUntil`, or an option is of the wrong shape.
 * @throws {RangeError} If a limit is out of range.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { netlifyLifetime } from "@taskscope/taskscope/netlify";
 *
 * const context = { waitUntil() {} }; // Netlify's, outside of an example
 * const { deadline } = netlifyLifetime(context);
 * assert(Number(deadline) <= Date.now() + 60_000);
 * ```
 */
export function netlifyLifetime(
  context: WaitUntilHost | undefined = netlifyContext(),
  options: NetlifyOptions = {},
): PlatformLifetime {
  assertKnownOptions("netlify", options, ["trigger", "limits"]);
  if (context) return new HostLifetime(context, limitOf("netlify", options));
  throw new LifetimeUnavailableError(
    "Cannot find the lifetime: Netlify.context is missing, pass the handler's context",
  );
}
