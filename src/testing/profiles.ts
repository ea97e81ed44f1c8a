/**
 * The hosts as data. Rows of hosts with an engine that anyone can run are compared with it by the scenarios in
 * `tests/testing/`: workerd, Deno, Bun, Node with three adapters, and npm's edge-runtime.
 *
 * @module
 */
import { limitOf, type LimitQuery } from "../platforms/limits.ts";
import { assertOneOf, assertOptions, wrong } from "../validate.ts";
import type { HostOverrides, HostProfile, ProfileName, SimulatedProfile } from "./profile.ts";

const anything = { late: "accepted", unbound: "works", takes: "anything", otherwise: "throws" } as const;

/** A plain process: work lives as long as it does, a rejection that nobody handles ends it. */
const plain = {
  endsOnDisconnect: false,
  unheld: "runs-on",
  heldErrors: "process-exit",
  looseErrors: "process-exit",
  waitUntil: undefined,
  detectsHangs: false,
} as const;

/** Limits that count from the shutdown are written in the data of limits. */
function draining(platform: string, tells: "SIGTERM" | "SIGINT"): HostProfile["shutdown"] {
  return { tells, ms: limitOf(platform).ms ?? 0, drains: true };
}

const atOnce = { tells: "nothing", ms: 0, drains: false } as const;

const PROFILES: { readonly [Name in ProfileName]: HostProfile } = {
  // 30 s shared by all held work, from the end of the response or the disconnect. With held work a disconnect leaves the
  // whole context running, without it the context is gone at once, `finally` blocks included.
  cloudflare: {
    platform: "cloudflare",
    passes: "env, ctx",
    signal: "disconnect", // with the flag enable_request_signal; else "never"
    endsOnDisconnect: true,
    unheld: "dropped",
    heldErrors: "log",
    looseErrors: "log",
    waitUntil: { ...anything, unbound: "throws" },
    requestAfter: "body-refused",
    detectsHangs: true,
    shutdown: { tells: "nothing", ms: 30_000, drains: false }, // an update of the runtime
  },
  // Work that is not registered only advances in slices, when other requests wake the instance.
  vercel: {
    ...plain,
    platform: "vercel",
    passes: "context",
    signal: "never", // "disconnect" with supportsCancellation
    unheld: "frozen",
    heldErrors: "log",
    waitUntil: { ...anything, takes: "thenables" },
    requestAfter: "body-refused",
    shutdown: { tells: "SIGTERM", ms: 500, drains: false },
  },
  // As npm's edge-runtime has it: its process goes on after the response.
  vercelEdge: {
    ...plain,
    platform: "vercel",
    passes: "event",
    signal: "never",
    waitUntil: { ...anything, takes: "promises" },
    requestAfter: "intact",
    shutdown: atOnce,
  },
  // Functions run on Lambda; what happens to rejections is not published.
  netlify: {
    ...plain,
    platform: "netlify",
    passes: "context",
    signal: "never",
    unheld: "frozen",
    heldErrors: "log",
    waitUntil: anything,
    requestAfter: "body-refused",
    shutdown: atOnce,
  },
  // The clock is the worker's; at 90 % of it comes beforeunload. Thenables are ignored without a word. An idle worker
  // whose held work has ended may be dropped early.
  supabase: {
    ...plain,
    platform: "supabase",
    passes: "info",
    signal: "completion", // its server is of Deno 1
    unheld: "dropped",
    waitUntil: { ...anything, takes: "promises", otherwise: "ignored" },
    requestAfter: "throws",
    shutdown: { tells: "beforeunload", ms: 15_000, drains: false }, // the 10 % that are left
  },
  // request.signal aborts on every completion, unless Deno runs with --unstable-no-legacy-abort: then "disconnect".
  deno: {
    ...plain,
    platform: "deno",
    passes: "info",
    signal: "completion",
    requestAfter: "throws",
    shutdown: /* @__PURE__ */ draining("deno", "SIGTERM"),
  },
  // SIGINT, five seconds, SIGKILL.
  denoDeploy: {
    ...plain,
    platform: "deno-deploy",
    passes: "info",
    signal: "completion",
    requestAfter: "throws",
    shutdown: /* @__PURE__ */ draining("deno-deploy", "SIGINT"),
  },
  bun: {
    ...plain,
    platform: "bun",
    passes: "nothing",
    signal: "disconnect",
    requestAfter: "empty",
    shutdown: /* @__PURE__ */ draining("bun", "SIGTERM"),
  },
  // Node, under srvx, @hono/node-server or @whatwg-node/server.
  process: {
    ...plain,
    platform: "node",
    passes: "nothing",
    signal: "disconnect",
    requestAfter: "body-refused", // "body-empty" under @whatwg-node/server
    shutdown: /* @__PURE__ */ draining("node", "SIGTERM"),
  },
  // Frozen when the handler's promise has settled; thawed in the next invocation, which is blamed for what fails.
  lambda: {
    ...plain,
    platform: "lambda",
    passes: "lambdaContext",
    signal: "never",
    unheld: "frozen",
    requestAfter: "intact",
    shutdown: atOnce,
  },
  // Two minutes in all; rejections vanish, a late waitUntil throws, request.signal does not exist.
  fastly: {
    ...plain,
    platform: "fastly",
    passes: "event",
    signal: "absent",
    unheld: "dropped",
    heldErrors: "nowhere",
    looseErrors: "nowhere",
    waitUntil: { ...anything, late: "throws" },
    requestAfter: "intact",
    shutdown: atOnce,
  },
};

const LIMIT_OPTIONS = ["trigger", "plan", "limits"] as const;
const OPTIONS = [...Object.keys(PROFILES.process), ...LIMIT_OPTIONS, "env"];

/**
 * @throws {TypeError} If the name, an override or a limit is not known.
 * @throws {RangeError} If a limit is out of range.
 */
export function resolveProfile(
  given: ProfileName | HostProfile,
  overrides: HostOverrides,
  what: string,
): SimulatedProfile {
  if (typeof given === "string") assertOneOf(given, Object.keys(PROFILES), "a profile", what);
  else if (typeof given?.platform !== "string") throw wrong(what, "a profile or its name is needed", given);
  assertOptions(overrides, OPTIONS, what);
  const { trigger, plan, limits, env: _env, ...rest } = overrides;
  const profile = { ...typeof given === "string" ? PROFILES[given] : given, ...rest };
  return { ...profile, limit: limitOf(profile.platform, queryOf(given, { trigger, plan, limits })) };
}

function queryOf(given: ProfileName | HostProfile, query: LimitQuery): LimitQuery {
  return given === "vercelEdge" ? { ...query, trigger: query.trigger ?? "edge" } : query;
}
