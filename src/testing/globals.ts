/**
 * What a host puts on `globalThis`, there only while a simulated one is open.
 *
 * @module
 */
import { globals, read } from "../platforms/globals.ts";

/** A property of an object, and what it is meanwhile. */
export type Replacement = readonly [target: object, key: PropertyKey, value: unknown];

/** Replaces properties; returns what restores them. */
export function replaceAll(replacements: readonly Replacement[]): () => void {
  const before = replacements.map(([target, key, value]) => {
    const descriptor = Object.getOwnPropertyDescriptor(target, key);
    Object.defineProperty(target, key, { value, configurable: true, writable: true });
    return [target, key, descriptor] as const;
  });
  return () => {
    for (const [target, key, descriptor] of before.reverse()) {
      if (descriptor) Object.defineProperty(target, key, descriptor);
      else Reflect.deleteProperty(target, key);
    }
  };
}

/** Where the context of the invocation that runs now is read from. */
export interface GlobalSources {
  /** The invocation's own object with `waitUntil`; `undefined` outside of one. */
  readonly context: () => object | undefined;
  /** The instance's object with `waitUntil`. */
  readonly instance: object;
  readonly bootedAt: number;
}

/** Globals by which programs, and `detectLifetime()`, know a host. */
export function globalsOf(platform: string, trigger: string, sources: GlobalSources): Replacement[] {
  const { context, instance, bootedAt } = sources;
  if (platform === "cloudflare") return [[globalThis, "navigator", { userAgent: "Cloudflare-Workers" }]];
  if (platform === "vercel") {
    const holder: Replacement = [globalThis, Symbol.for("@vercel/request-context"), { get: context }];
    // A string, where Supabase has an object.
    return trigger === "edge" ? [holder, [globalThis, "EdgeRuntime", "edge-runtime"]] : [holder];
  }
  if (platform === "netlify") {
    const Netlify = Object.defineProperty({}, "context", { get: () => context() ?? null });
    return [[globalThis, "Netlify", Netlify]];
  }
  if (platform === "supabase") {
    return [
      [globalThis, "EdgeRuntime", instance],
      [performance, "timeOrigin", bootedAt],
      ...eventTarget(),
    ];
  }
  if (platform === "fastly") return [[globalThis, "fastly", {}]];
  return [];
}

/** Node's `globalThis` is no EventTarget; workers of Supabase hear of their end on theirs. */
function eventTarget(): Replacement[] {
  if ("dispatchEvent" in globalThis) return [];
  const target = new EventTarget();
  return Object.getOwnPropertyNames(EventTarget.prototype)
    .filter((name) => name !== "constructor")
    .map((name) => [globalThis, name, (read(target, name) as () => unknown).bind(target)]);
}

/**
 * Sets the environment variable by which a host is known that looks like a process, where that may be done.
 *
 * @returns What takes it away.
 */
export function setEnvironment(platform: string): () => void {
  const { Deno, process } = globals();
  const variable = "AWS_LAMBDA_FUNCTION_NAME";
  const state = Deno?.permissions?.querySync?.({ name: "env", variable }).state ?? "granted";
  const env = process?.env as Record<string, string> | undefined;
  if (platform !== "lambda" || state !== "granted" || !env || env[variable] !== undefined) return () => {};
  env[variable] = "simulated";
  return () => void delete env[variable];
}
