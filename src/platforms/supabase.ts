/**
 * Supabase Edge Functions.
 *
 * The clock is the worker's, not the request's: 150 seconds (400 on a paid plan) from its start, for all its requests and
 * their detached work together. At 90 % of it, `beforeunload` is dispatched; the tasks hear of it as a cancellation of
 * kind `lifetime`. At 100 % the worker is killed.
 *
 * **Guarantees.** `deadline` is the moment of the warning. The lifetime's `closing` aborts at `beforeunload`, whatever
 * led to it: time, memory, CPU, or the worker's retirement.
 *
 * @module
 */
import { CancelReason, LifetimeUnavailableError } from "../errors.ts";
import { onceEvent } from "../signals.ts";
import { wrong } from "../validate.ts";
import { globals, read } from "./globals.ts";
import { HostLifetime, type PlatformLifetime, type WaitUntilHost } from "./host.ts";
import { assertKnownOptions, type LifetimeLimit, limitOf, type LimitOverrides } from "./limits.ts";

export type { LifetimeLimit, LimitOverrides, PlatformLifetime };

/** Options of {@linkcode supabaseLifetime}. */
export interface SupabaseOptions {
  /**
   * Which limit counts.
   *
   * @default "free", the shorter one
   */
  readonly plan?: "free" | "paid" | undefined;
  /** Limits you know better, in milliseconds. */
  readonly limits?: LimitOverrides | undefined;
  /**
   * When the worker started.
   *
   * @default the origin of its `performance` clock
   */
  readonly startedAt?: Date | undefined;
}

/**
 * `EdgeRuntime` on Supabase; `undefined` elsewhere, also on Vercel, where it is a string.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { supabaseRuntime } from "@taskscope/taskscope/supabase";
 *
 * assertEquals(supabaseRuntime(), undefined); // here
 * ```
 */
export function supabaseRuntime(): WaitUntilHost | undefined {
  const { EdgeRuntime } = globals();
  const isIt = typeof EdgeRuntime === "object" && typeof read(EdgeRuntime, "waitUntil") === "function";
  return isIt ? EdgeRuntime as WaitUntilHost : undefined;
}

/** One signal a worker, which is told once; kept by the worker's own `EdgeRuntime`. */
const endings = new WeakMap<WaitUntilHost, AbortSignal>();

/**
 * The lifetime of the worker.
 *
 * @param options Plan, limits, and when the worker started.
 * @returns A lifetime for the scopes of this worker.
 * @throws {LifetimeUnavailableError} If this is not Supabase.
 * @throws {TypeError} If an option is of the wrong shape.
 * @throws {RangeError} If a limit is out of range.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { supabaseLifetime } from "@taskscope/taskscope/supabase";
 *
 * Object.assign(globalThis, { EdgeRuntime: { waitUntil() {} } }); // Supabase's, outside of an example
 * const startedAt = new Date("2100-01-01T00:00:00Z");
 * assertEquals(supabaseLifetime({ plan: "paid", startedAt }).deadline, new Date("2100-01-01T00:06:00Z"));
 * Reflect.deleteProperty(globalThis, "EdgeRuntime");
 * ```
 */
export function supabaseLifetime(options: SupabaseOptions = {}): PlatformLifetime {
  assertKnownOptions("supabase", options, ["plan", "limits", "startedAt"]);
  const { plan = "free", limits, startedAt } = options;
  if (startedAt !== undefined) assertDate(startedAt);
  const runtime = supabaseRuntime();
  if (!runtime) {
    const message = "Cannot find the lifetime: EdgeRuntime.waitUntil is missing, this is not a worker on Supabase";
    throw new LifetimeUnavailableError(message);
  }
  const limit = limitOf("supabase", { plan, limits });
  const start = startedAt?.getTime() ?? performance.timeOrigin;
  const end = limit.ms === null ? undefined : start + limit.ms * (limit.warnsAt ?? 1);
  return new HostLifetime(runtime, limit, { end: () => end, closing: endingOf(runtime) });
}

function assertDate(startedAt: unknown): void {
  if (startedAt instanceof Date && !Number.isNaN(startedAt.getTime())) return;
  throw wrong("Cannot use the lifetime of supabase", "startedAt must be a Date", startedAt);
}

function endingOf(runtime: WaitUntilHost): AbortSignal {
  const known = endings.get(runtime);
  if (known) return known;
  const controller = new AbortController();
  onceEvent(globalThis, "beforeunload", (event) => {
    const why = read(read(event, "detail"), "reason") ?? "no reason given";
    controller.abort(new CancelReason("lifetime", "supabase", `The worker is about to end: ${why}`));
  });
  endings.set(runtime, controller.signal);
  return controller.signal;
}
