/**
 * What follows the request in the arguments of a handler.
 *
 * @module
 */
import type { FetchInvocation } from "./fetch_invocation.ts";
import type { Invocation } from "./invocation.ts";

/**
 * The `ctx` of Cloudflare, the `context` of Vercel and Netlify, the `event` of Fastly. See {@linkcode SimulatedHost}.
 */
export interface SimulatedContext {
  /** Keeps the invocation alive until `work` has settled. */
  waitUntil(work: Promise<unknown>): void;
}

/** The `info` of `Deno.serve`. See {@linkcode SimulatedHost}. */
export interface SimulatedInfo {
  /** The address of the client. */
  readonly remoteAddr: { readonly transport: "tcp"; readonly hostname: string; readonly port: number };
  /** Fulfills when the response has been handed over, or the client has left. */
  readonly completed: Promise<void>;
}

/** The `context` of Lambda. See {@linkcode SimulatedHost}. */
export interface SimulatedLambdaContext {
  /** The identity of the invocation. */
  readonly awsRequestId: string;
  /** Milliseconds until Lambda ends the invocation. */
  getRemainingTimeInMillis(): number;
}

const remoteAddr = { transport: "tcp", hostname: "127.0.0.1", port: 50_000 } as const;

/** The invocation's own object with `waitUntil`. */
export function contextOf(call: Invocation<unknown>): SimulatedContext {
  const { waitUntil: rules, platform } = call.profile;
  const context: SimulatedContext = {
    waitUntil(this: unknown, work) {
      if (rules?.unbound === "throws" && this !== context) throw new TypeError("Illegal invocation");
      // On Cloudflare it is the request that runs which is held, whosever object it is.
      const owner = platform === "cloudflare" ? call.host.current() : undefined;
      (owner ?? call).hold(work);
    },
  };
  if (platform === "cloudflare") return Object.assign(context, { passThroughOnException() {}, props: {} });
  return platform === "netlify" ? Object.assign(context, { site: {}, deploy: {}, requestId: call.name }) : context;
}

/** What programs read of the invocation from globals: on Vercel also what `getDeadline()` of its package reads. */
export function globalContextOf(
  { profile }: Invocation<unknown>,
  context: SimulatedContext,
  startedAt: number,
): object {
  const { limit: { ms, trigger }, platform } = profile;
  if (platform !== "vercel" || ms === null || trigger === "edge") return context;
  return { ...context, deadline: new Date(startedAt + ms).toISOString() };
}

/** What a host passes after the request. */
export function argumentsOf(
  call: FetchInvocation,
  context: SimulatedContext,
  startedAt: number,
  env: unknown,
): unknown[] {
  switch (call.profile.passes) {
    case "env, ctx":
      return [env, context];
    case "context":
    case "event":
      return [context];
    case "info":
      return [infoOf(call)];
    case "lambdaContext": // as Hono's adapter has it
      return [{ event: {}, lambdaContext: lambdaContextOf(call, startedAt) }];
    case "nothing":
      return [];
  }
}

/** What a host passes after an event. */
export function eventArgumentsOf(
  call: Invocation<unknown>,
  context: SimulatedContext,
  startedAt: number,
  env: unknown,
): unknown[] {
  const { passes } = call.profile;
  if (passes === "lambdaContext") return [lambdaContextOf(call, startedAt)];
  return passes === "env, ctx" ? [env, context] : call.profile.waitUntil ? [context] : [];
}

function infoOf(call: FetchInvocation): SimulatedInfo {
  return {
    remoteAddr,
    get completed() {
      return call.completed;
    },
  };
}

function lambdaContextOf({ name, profile: { limit } }: Invocation<unknown>, startedAt: number): SimulatedLambdaContext {
  return {
    awsRequestId: name,
    getRemainingTimeInMillis: () => Math.max(0, startedAt + (limit.ms ?? Infinity) - Date.now()),
  };
}
