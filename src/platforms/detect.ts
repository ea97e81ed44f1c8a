/**
 * Finding the lifetime: from what the host gave to the handler, else from what the host put on `globalThis`, else, where
 * it surely is one, the process.
 *
 * @module
 */
import { LifetimeUnavailableError } from "../errors.ts";
import type { Lifetime } from "../lifetime.ts";
import { ProcessLifetime, theProcess } from "../process_lifetime.ts";
import { defaultLifetime } from "../process_registry.ts";
import { cloudflareLifetime } from "./cloudflare.ts";
import { denoLifetime, isDenoDeploy } from "./deno.ts";
import { fastlyLifetime } from "./fastly.ts";
import { contextOf, globals, isEdgeRuntime, isObject, isWorkerd, read, readEnv } from "./globals.ts";
import { HostLifetime, type WaitUntilHost } from "./host.ts";
import { type LambdaContext, LambdaLifetime, lambdaLifetime } from "./lambda.ts";
import { limitOf } from "./limits.ts";
import { netlifyContext, netlifyLifetime } from "./netlify.ts";
import { serviceWorkerLifetime } from "./service_worker.ts";
import { supabaseLifetime, supabaseRuntime } from "./supabase.ts";
import { vercelContext, vercelLifetime } from "./vercel.ts";

const WHAT = "Cannot find the lifetime";

/** Where frameworks keep what the host gave them: Hono, SvelteKit, Astro, React Router, Nitro, srvx, h3, whatwg-node. */
const PATHS: readonly (readonly string[])[] = [
  [],
  ["executionCtx"],
  ["env", "context"],
  ["platform", "ctx"],
  ["platform", "context"],
  ["locals", "cfContext"],
  ["locals", "runtime", "ctx"],
  ["locals", "netlify", "context"],
  ["cloudflare", "ctx"],
  ["context", "cloudflare", "ctx"],
  ["context", "cloudflare", "context"],
  ["ctx"],
  ["context"],
  ["lambdaContext"],
  ["env", "lambdaContext"],
  ["req"],
  ["request"],
];

/**
 * Hosts that look like a process, but stop or slow it down after the response: the variable that gives them away. Vercel
 * comes first, as it may run on Lambda.
 */
const FROZEN = {
  VERCEL_REGION: "Vercel suspends the process after the response: call detectLifetime() in the handler",
  AWS_LAMBDA_FUNCTION_NAME: "AWS Lambda freezes the process after the response: pass lambdaLifetime(context)",
  K_SERVICE: "Cloud Run may take the CPU away after the response: pass nodeLifetime() (or denoLifetime(), " +
    "bunLifetime()) if the service has instance-based billing",
  FUNCTIONS_WORKER_RUNTIME: "Azure Functions may stop the process after the response: pass a lifetime",
};

/**
 * Finds what keeps detached work alive after this invocation.
 *
 * The order: a lifetime or a host's object among the arguments, itself or inside of a framework's context; the contexts
 * of Vercel, Netlify, Supabase, Bunny, Neon and Next; the process on Deno, Bun and Node, unless it is one that is frozen
 * after the response. It never falls back to something that does nothing.
 *
 * On Deno Deploy it has the process drain on SIGINT. On a machine of your own it leaves the signals alone: there
 * `denoLifetime()`, `bunLifetime()` or `nodeLifetime()`, called once when the program starts, handles them.
 *
 * @param handlerArguments All that the host or the framework gave to the handler.
 * @returns A lifetime for the scopes of this invocation. Hosts whose clock starts with the response have
 * `responseEnded()` and `disconnected()`.
 * @throws {LifetimeUnavailableError} If there is none; the message says what to pass.
 *
 * @example
 * ```ts
 * import { assertEquals, assertStrictEquals } from "@std/assert";
 * import { processLifetime } from "@taskscope/taskscope";
 * import { detectLifetime } from "@taskscope/taskscope/platforms";
 *
 * const ctx = { waitUntil() {}, passThroughOnException() {} }; // of a Worker on Cloudflare
 * const { source } = detectLifetime(new Request("http://localhost/"), {}, ctx);
 * assertEquals(source?.startsWith("cloudflare (http: 30000 ms"), true);
 * assertStrictEquals(detectLifetime(), processLifetime());
 * ```
 */
export function detectLifetime(...handlerArguments: unknown[]): Lifetime {
  for (const argument of handlerArguments) {
    for (const path of PATHS) {
      const found = fromObject(path.reduce(read, argument), handlerArguments);
      if (found) return found;
    }
  }
  return fromContexts() ?? fromProcess();
}

/** The lifetime that an object is, or is the host's part of. */
function fromObject(value: unknown, handlerArguments: readonly unknown[]): Lifetime | undefined {
  if (value instanceof HostLifetime || value instanceof LambdaLifetime || value instanceof ProcessLifetime) {
    return value;
  }
  if (typeof read(value, "getRemainingTimeInMillis") === "function") {
    return lambdaLifetime(value as unknown as LambdaContext);
  }
  if (!isObject(value) || typeof read(value, "waitUntil") !== "function") return undefined;
  const host = value as unknown as WaitUntilHost;
  if (isLifetime(value)) return value as unknown as Lifetime;
  // The event of h3 has a waitUntil that does nothing where its request has none.
  if (isObject(read(value, "req"))) return fromObject(read(value, "req"), handlerArguments);
  if (isCloudflare(value)) {
    const trigger = "storage" in value ? "durable-object" : triggerOf(handlerArguments);
    return cloudflareLifetime(host, { trigger });
  }
  if (vercelContext()) return vercelLifetime();
  if (netlifyContext() || (isObject(read(value, "site")) && "deploy" in value)) return netlifyLifetime(host);
  if (globals().fastly !== undefined) return fastlyLifetime(host);
  if (isEdgeRuntime()) return new HostLifetime(host, limitOf("vercel", { trigger: "edge" })); // the event of a function or a middleware
  if ("request" in value) return serviceWorkerLifetime(host);
  refuseFrozen(); // what an adapter for servers offers is the process
  return new HostLifetime(host, limitOf("framework"));
}

/** Whether it is one of the user's: a host's own object has no `closing`, and none has a Date. */
function isLifetime(value: Record<PropertyKey, unknown>): boolean {
  return "closing" in value || "responseEnded" in value ||
    ("deadline" in value && (value.deadline === undefined || value.deadline instanceof Date));
}

function isCloudflare(value: unknown): boolean {
  return isWorkerd() ||
    typeof read(value, "passThroughOnException") === "function";
}

/** What began an invocation on Cloudflare: a request, if there is one, else what the first argument says. */
function triggerOf(handlerArguments: readonly unknown[]): "http" | "cron" | "queue" {
  if (handlerArguments.some((each) => each instanceof Request)) return "http"; // env has any names
  const [first] = handlerArguments;
  if (typeof read(first, "cron") === "string") return "cron";
  return Array.isArray(read(first, "messages")) ? "queue" : "http";
}

/** From what hosts keep on `globalThis` for the request that is running, most specific first. */
function fromContexts(): Lifetime | undefined {
  if (vercelContext()) return vercelLifetime();
  if (netlifyContext()) return netlifyLifetime();
  if (supabaseRuntime()) return supabaseLifetime();
  const others = {
    bunny: globals().Bunny?.v1,
    neon: contextOf("@neondatabase/functions/request-context"),
    next: contextOf("@next/request-context"),
  };
  for (const [platform, host] of Object.entries(others)) {
    if (typeof read(host, "waitUntil") === "function") {
      return new HostLifetime(host as WaitUntilHost, limitOf(platform));
    }
  }
  return undefined;
}

/** The process, where it may go on after the response. */
function fromProcess(): Lifetime {
  if (isWorkerd()) {
    const message = `${WHAT}: pass the handler's ctx, or use cloudflareGlobalLifetime() of ./cloudflare/global`;
    throw new LifetimeUnavailableError(message);
  }
  if (globals().Netlify) {
    const message = `${WHAT}: Netlify stops the process after the response, pass the handler's context`;
    throw new LifetimeUnavailableError(message);
  }
  refuseFrozen();
  if (isDenoDeploy()) return denoLifetime({ signals: ["SIGINT"] });
  if (defaultLifetime()) return theProcess();
  throw new LifetimeUnavailableError(`${WHAT}: this host is not known, pass an object with waitUntil, such as ctx`);
}

/**
 * @throws {LifetimeUnavailableError} If the process does not run on after the response.
 */
function refuseFrozen(): void {
  for (const [variable, why] of Object.entries(FROZEN)) {
    if (readEnv(variable)) throw new LifetimeUnavailableError(`${WHAT}: ${why} (${variable} is set)`);
  }
}
