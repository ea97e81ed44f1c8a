/**
 * The limits, one row each. When a number changes, change it here with its date and its reference.
 *
 * @module
 */
/** What began the invocation. See {@linkcode limitOf}. */
export type LimitTrigger = "http" | "cron" | "queue" | "alarm" | "edge" | "background" | "durable-object";

/** One limit of one host. See {@linkcode PlatformLifetime}. */
export interface LifetimeLimit {
  /** The host, such as `cloudflare`. */
  readonly platform: string;
  /** What began the invocation. */
  readonly trigger: LimitTrigger;
  /** The plan it holds for, where plans differ. */
  readonly plan?: "free" | "paid";
  /** The moment from which it counts. */
  readonly origin: "response-end" | "invocation-start" | "isolate-start" | "last-traffic" | "shutdown" | "none";
  /** How long, in milliseconds; `null` if nobody says. */
  readonly ms: number | null;
  /** What a user can raise it to, in milliseconds. */
  readonly max?: number;
  /** What happens to work that still runs then. */
  readonly atLimit: "cancel-silent" | "cancel-logged" | "kill" | "freeze" | "nothing";
  /** Whether code hears of it before. */
  readonly warning: "none" | "signal" | "event";
  /** The part of the time after which the warning comes, where it comes at one. */
  readonly warnsAt?: number;
  /** Whether `finally` blocks run at the limit. */
  readonly finallyRuns: boolean;
  /** When this was looked up, `YYYY-MM-DD`. */
  readonly asOf: string;
  /** Where it was looked up. */
  readonly ref: string;
  /** How sure it is: `program`, set by you, or our default for a process; `told`, by the host for this invocation. */
  readonly confidence: "source" | "doc" | "guess" | "program" | "told";
}

const asOf = "2026-11-21";
const silent = { warning: "none", finallyRuns: false, asOf } as const;
const told = { warning: "signal", finallyRuns: true, asOf } as const;

/** The shortest comes first where plans differ. */
export const LIMITS: readonly LifetimeLimit[] = [
  {
    ...silent,
    ...{ platform: "cloudflare", trigger: "http", origin: "response-end", ms: 30_000, atLimit: "cancel-logged" },
    ...{ ref: "developers.cloudflare.com/workers/platform/limits", confidence: "doc" },
  },
  ...(["cron", "queue", "alarm"] as const).map((trigger): LifetimeLimit => ({
    ...silent,
    ...{ platform: "cloudflare", trigger, origin: "invocation-start", ms: 900_000, atLimit: "cancel-logged" },
    ...{ ref: "developers.cloudflare.com/workers/platform/limits", confidence: "doc" },
  })),
  {
    ...silent,
    ...{ platform: "cloudflare", trigger: "durable-object", origin: "none", ms: null, atLimit: "cancel-silent" },
    ...{ ref: "workerd@6552d99 src/workerd/io/io-context.c++", confidence: "source" },
  },
  {
    ...silent,
    // The page of 2026-07-01; 1 800 s are in beta for some runtimes.
    ...{ platform: "vercel", trigger: "http", origin: "invocation-start", ms: 300_000, max: 800_000, atLimit: "kill" },
    ...{ ref: "vercel.com/docs/functions/limitations#max-duration", confidence: "doc" },
  },
  {
    ...silent,
    // "must begin sending a response within 25 seconds", 300 s while it streams; waitUntil alone adds nothing.
    ...{ platform: "vercel", trigger: "edge", origin: "invocation-start", ms: 25_000, max: 300_000, atLimit: "kill" },
    ...{ ref: "vercel.com/docs/functions/runtimes/edge#maximum-duration", confidence: "doc" },
  },
  ...([["http", 60_000], ["cron", 30_000], ["background", 900_000]] as const).map(([trigger, ms]): LifetimeLimit => ({
    ...silent,
    ...{ platform: "netlify", trigger, origin: "invocation-start", ms, atLimit: "kill" },
    ...{ ref: "docs.netlify.com/build/functions/configuration#default-values", confidence: "doc" },
  })),
  {
    ...silent,
    // 50 ms of CPU and 40 s to the headers are published; nothing of the time after the response.
    ...{ platform: "netlify", trigger: "edge", origin: "invocation-start", ms: null, atLimit: "kill" },
    ...{ ref: "docs.netlify.com/build/edge-functions/limits", confidence: "doc" },
  },
  ...([["free", 150_000], ["paid", 400_000]] as const).map(([plan, ms]): LifetimeLimit => ({
    ...{ platform: "supabase", trigger: "http", plan, origin: "isolate-start", ms, atLimit: "kill" },
    ...{ warning: "event", warnsAt: 0.9, finallyRuns: true, asOf },
    ...{ ref: "supabase.com/docs/guides/functions/limits", confidence: "doc" },
  })),
  {
    ...told,
    ...{ platform: "deno-deploy", trigger: "http", origin: "shutdown", ms: 5_000, atLimit: "kill" },
    ...{ ref: "docs.deno.com/deploy/reference/runtime", confidence: "doc" },
  },
  ...["deno", "bun", "node"].map((platform): LifetimeLimit => ({
    ...told,
    ...{ platform, trigger: "http", origin: "shutdown", ms: 10_000, atLimit: "kill" },
    ...{ ref: "our own drain, as long as Cloud Run's grace", confidence: "program" },
  })),
  {
    ...silent,
    ...{ platform: "lambda", trigger: "http", origin: "invocation-start", ms: 900_000, atLimit: "freeze" },
    ...{ ref: "aws.amazon.com/blogs/compute/running-code-after-returning-a-response", confidence: "doc" },
  },
  {
    ...silent,
    ...{ platform: "fastly", trigger: "http", origin: "invocation-start", ms: 120_000, atLimit: "kill" },
    ...{ ref: "fastly.com/blog/optimizing-compute-agentic-systems", confidence: "doc" },
  },
  {
    ...silent,
    ...{ platform: "neon", trigger: "http", origin: "invocation-start", ms: 900_000, atLimit: "kill" },
    ...{ ref: "@neondatabase/functions", confidence: "doc" },
  },
  ...["service-worker", "bunny", "next", "framework"].map((platform): LifetimeLimit => ({
    ...silent,
    ...{ platform, trigger: "http", origin: "none", ms: null, atLimit: "kill" },
    ...{ ref: "no number is published", confidence: "guess" },
  })),
];
