/**
 * Vercel functions.
 *
 * Detached work shares the function's maximum duration, counted from the start of the invocation; then it is terminated
 * without a warning. Outside of a request, Vercel's own `waitUntil` does nothing and says nothing: here it is an error.
 *
 * **Guarantees.** Where Vercel tells the invocation's own deadline (as `getDeadline()` of `@vercel/functions` 3.9 reads
 * it), that one counts; else the configured maximum, from the call of {@linkcode vercelLifetime} on.
 *
 * @module
 */
import { LifetimeUnavailableError } from "../errors.ts";
import { contextOf, isEdgeRuntime, read } from "./globals.ts";
import { HostLifetime, type PlatformLifetime, type WaitUntilHost } from "./host.ts";
import { assertKnownOptions, type LifetimeLimit, limitOf, type LimitOverrides } from "./limits.ts";

export type { LifetimeLimit, LimitOverrides, PlatformLifetime };

/** Options of {@linkcode vercelLifetime}. */
export interface VercelOptions {
  /**
   * Where the function runs.
   *
   * @default "edge" on the Edge runtime, where the global `EdgeRuntime` is a string; else "http", a Node.js function
   */
  readonly trigger?: "http" | "edge" | undefined;
  /** Your `maxDuration`, as `{ http: 60_000 }`, in milliseconds. */
  readonly limits?: LimitOverrides | undefined;
}

/**
 * The request's context on Vercel; `undefined` elsewhere.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { vercelContext } from "@taskscope/taskscope/vercel";
 *
 * assertEquals(vercelContext(), undefined); // here
 * ```
 */
export function vercelContext(): WaitUntilHost | undefined {
  const context = contextOf("@vercel/request-context");
  return typeof read(context, "waitUntil") === "function" ? context as WaitUntilHost : undefined;
}

/** Where the number comes from when the host says it itself. */
const TOLD = {
  ref: "the deadline in Vercel's request context, as getDeadline() reads it",
  confidence: "told",
} as const;

/**
 * The lifetime of the invocation that is running now. Call it first thing in the handler.
 *
 * @param options Trigger and limits.
 * @returns A lifetime for the scopes of this invocation.
 * @throws {LifetimeUnavailableError} If this is not a request on Vercel.
 * @throws {TypeError} If an option is of the wrong shape.
 * @throws {RangeError} If a limit is out of range.
 *
 * @example Vercel says when the function ends
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { vercelLifetime } from "@taskscope/taskscope/vercel";
 *
 * // What Vercel sets before it calls a handler.
 * const context = { waitUntil() {}, deadline: "2100-01-01T00:00:00.000Z" };
 * Object.assign(globalThis, { [Symbol.for("@vercel/request-context")]: { get: () => context } });
 * assertEquals(vercelLifetime().deadline, new Date("2100-01-01T00:00:00Z"));
 * Reflect.deleteProperty(globalThis, Symbol.for("@vercel/request-context"));
 * ```
 */
export function vercelLifetime(options: VercelOptions = {}): PlatformLifetime {
  assertKnownOptions("vercel", options, ["trigger", "limits"]);
  const { trigger = isEdgeRuntime() ? "edge" : "http", limits } = options;
  const limit = limitOf("vercel", { trigger, limits });
  const context = vercelContext();
  if (!context) {
    const message = "Cannot find the lifetime: this is not a request on Vercel, call vercelLifetime() in the handler";
    throw new LifetimeUnavailableError(message);
  }
  const told = new Date(read(context, "deadline") as string).getTime();
  if (Number.isNaN(told)) return new HostLifetime(context, limit);
  return new HostLifetime(context, { ...limit, ...TOLD, ms: Math.max(0, told - Date.now()) }, { end: () => told });
}
