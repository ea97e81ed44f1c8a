/**
 * What a host does to a request and to the work around it, as data.
 *
 * @module
 */
import type { LifetimeLimit, LimitQuery } from "../platforms/limits.ts";

/** The hosts that can be simulated. See {@linkcode SimulatedHost}. */
export type ProfileName =
  | "cloudflare"
  | "vercel"
  | "vercelEdge"
  | "netlify"
  | "supabase"
  | "deno"
  | "denoDeploy"
  | "bun"
  | "process"
  | "lambda"
  | "fastly";

/** How a host treats `waitUntil`. See {@linkcode HostProfile}. */
export interface WaitUntilRules {
  /** A call when the invocation is over and nothing is held: Fastly and service workers throw, the others take it. */
  readonly late: "accepted" | "throws";
  /** A call without its object, as after `const { waitUntil } = ctx`. */
  readonly unbound: "works" | "throws";
  /** What it takes as work. */
  readonly takes: "anything" | "thenables" | "promises";
  /** What becomes of the rest: an error, or nothing at all, without a word. */
  readonly otherwise: "throws" | "ignored";
}

/** How a host ends its instance, when it is told to. See {@linkcode HostProfile}. */
export interface ShutdownRules {
  /** What the code hears first. */
  readonly tells: "SIGTERM" | "SIGINT" | "beforeunload" | "nothing";
  /** How long after that everything is cut off, in milliseconds. */
  readonly ms: number;
  /** Whether the program drains `processLifetime()` meanwhile, as with its `signals` option. */
  readonly drains: boolean;
}

/**
 * Where an unhandled error goes: to nobody, into the log, or it ends the process and all that runs there. See
 * {@linkcode HostProfile}.
 */
export type ErrorSink = "nowhere" | "log" | "process-exit";

/** A host, as far as it can be observed by a handler. See {@linkcode SimulatedHost}. */
export interface HostProfile {
  /** The host in the data of limits. */
  readonly platform: string;
  /** What follows the request in the handler's arguments. */
  readonly passes: "env, ctx" | "context" | "info" | "event" | "lambdaContext" | "nothing";
  /**
   * When `request.signal` aborts. Never; on a disconnect; also on every completion, which Deno's does by default; or
   * there is none, as on Fastly.
   */
  readonly signal: "never" | "disconnect" | "completion" | "absent";
  /** Whether a disconnect ends everything at once unless work is held; else the handler goes on. */
  readonly endsOnDisconnect: boolean;
  /** What happens after the response to work that `waitUntil` does not hold. */
  readonly unheld: "runs-on" | "dropped" | "frozen";
  /** Where the rejection of a held promise goes. */
  readonly heldErrors: ErrorSink;
  /** Where the rejection of a promise goes that nobody awaits. */
  readonly looseErrors: ErrorSink;
  /** How `waitUntil` behaves; `undefined` where there is none. */
  readonly waitUntil: WaitUntilRules | undefined;
  /**
   * What becomes of the request after the response, unless a field was read before. `throws`: every field throws (Deno).
   * `empty`: no url, no headers, no error, if the handler waited for nothing but promises (Bun). `body-refused`,
   * `body-empty`: what was not read of the body cannot be, or is empty (workerd and Node's adapters).
   */
  readonly requestAfter: "intact" | "body-refused" | "body-empty" | "throws" | "empty";
  /** Whether a request is canceled behind which no timer and no input or output is pending. */
  readonly detectsHangs: boolean;
  /** How the instance ends when it has to. */
  readonly shutdown: ShutdownRules;
}

/** What a test may set differently: any part of the profile, the limits, and `env`. See {@linkcode SimulatedHost}. */
export interface HostOverrides extends Partial<HostProfile>, LimitQuery {
  /** The `env` that a handler is given on Cloudflare. */
  readonly env?: unknown;
}

/** A profile with the limit that counts. See {@linkcode SimulatedHost}. */
export interface SimulatedProfile extends HostProfile {
  /** The host's limit: how long, from when, and where that is written. */
  readonly limit: LifetimeLimit;
}
