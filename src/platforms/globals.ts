/**
 * The globals by which hosts are known.
 *
 * @module
 */

/** What hosts put on `globalThis`; none of it is sure to be there. */
export interface HostGlobals {
  readonly Deno?: {
    readonly env?: { get(name: string): string | undefined };
    readonly permissions?: {
      querySync?(descriptor: { name: "env"; variable: string }): { readonly state: string };
    };
  };
  readonly Netlify?: { readonly context?: unknown };
  readonly EdgeRuntime?: unknown;
  readonly Cloudflare?: { readonly compatibilityFlags?: Readonly<Record<string, boolean>> };
  readonly Bunny?: { readonly v1?: unknown };
  readonly fastly?: unknown;
  readonly navigator?: { readonly userAgent?: string };
  readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
}

/** `globalThis`, as a host may have it. */
export function globals(): HostGlobals {
  return globalThis as HostGlobals;
}

/** Whether this is Vercel's Edge runtime; on Supabase the same global is an object. */
export function isEdgeRuntime(): boolean {
  return typeof globals().EdgeRuntime === "string";
}

/** Whether this is workerd, on Cloudflare or elsewhere. */
export function isWorkerd(): boolean {
  return globals().navigator?.userAgent === "Cloudflare-Workers";
}

/** Whether the Worker has a compatibility flag; `undefined` where workerd does not list them. */
export function hasCompatibilityFlag(name: string): boolean | undefined {
  const { compatibilityFlags } = globals().Cloudflare ?? {};
  return compatibilityFlags && compatibilityFlags[name] === true;
}

/** An environment variable; `undefined` too if it may not be read: this never asks for a permission. */
export function readEnv(name: string, { Deno, process }: HostGlobals = globals()): string | undefined {
  if (!Deno?.env) return process?.env?.[name];
  const state = Deno.permissions?.querySync?.({ name: "env", variable: name }).state ?? "granted";
  return state === "granted" ? Deno.env.get(name) : undefined;
}

/** Whether `value` can be asked for properties. */
export function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** The property of anything, if it can be read: Hono's `executionCtx` throws where there is none. */
export function read(value: unknown, key: PropertyKey): unknown {
  try {
    return isObject(value) ? value[key] : undefined;
  } catch {
    return undefined;
  }
}

/** The context that a host's package keeps under a registered symbol: `get()` is of the request that runs now. */
export function contextOf(symbol: string): unknown {
  const holder = read(globalThis, Symbol.for(symbol));
  const get = read(holder, "get");
  return typeof get === "function" ? get.call(holder) : undefined;
}
