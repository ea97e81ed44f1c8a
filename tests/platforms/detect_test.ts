/** Mocks of the hosts' globals and of the frameworks' contexts. */
import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { type Lifetime, LifetimeUnavailableError, processLifetime } from "@taskscope/taskscope";
import { cloudflareLifetime } from "@taskscope/taskscope/cloudflare";
import { LambdaLifetime, lambdaLifetime } from "@taskscope/taskscope/lambda";
import { detectLifetime } from "@taskscope/taskscope/platforms";
import { Ctx, withGlobals } from "./globals.ts";

const request = new Request("http://localhost/");
const WORKERD = { navigator: { userAgent: "Cloudflare-Workers" } };

/** The platform, the trigger, and whether work reaches the host's object. */
function found(ctx: Ctx, ...args: unknown[]): string {
  const lifetime = detectLifetime(...args);
  const before = ctx.held.length;
  lifetime.waitUntil(Promise.resolve());
  assertEquals(ctx.held.length, before + 1, "the host was not told");
  return lifetime.source?.match(/^(\S+ \([\w-]+)/)?.[1] ?? "none";
}

Deno.test("detectLifetime() finds ctx among the arguments, and what began the invocation", () => {
  const ctx = new Ctx();
  assertEquals(found(ctx, request, {}, ctx), "cloudflare (http");
  assertEquals(found(ctx, { cron: "* * * * *", scheduledTime: 0 }, {}, ctx), "cloudflare (cron");
  assertEquals(found(ctx, { queue: "mail", messages: [] }, {}, ctx), "cloudflare (queue");
  assertEquals(found(ctx, Object.assign(ctx, { storage: {}, id: {} })), "cloudflare (durable-object");
});

Deno.test("detectLifetime() takes what came with a request for http, whatever the names in env", () => {
  const ctx = new Ctx();
  for (const env of [{ cron: "secret" }, { messages: [] }]) {
    assertEquals(found(ctx, env, ctx, request), "cloudflare (http");
    assertEquals(found(ctx, request, env, ctx), "cloudflare (http");
  }
});

Deno.test("detectLifetime() finds it inside of a framework's context", () => {
  const ctx = new Ctx();
  for (
    const context of [
      { executionCtx: ctx }, // Hono on Cloudflare
      { env: { context: ctx } }, // Hono on Netlify
      { platform: { ctx } }, // SvelteKit
      { locals: { cfContext: ctx } }, // Astro
      { locals: { runtime: { ctx } } }, // Astro, before 6
      { locals: { netlify: { context: ctx } } }, // Astro on Netlify
      { cloudflare: { ctx } }, // React Router's load context
      { context: { cloudflare: { ctx } } }, // React Router's arguments
      { context: { cloudflare: { context: ctx } } }, // Nitro 2
      { ctx },
      { req: ctx }, // h3 on srvx
      { waitUntil() {}, req: ctx }, // the event of h3
    ]
  ) assertEquals(found(ctx, context), "cloudflare (http");
});

Deno.test("detectLifetime() survives Hono's throwing getter, and goes on to the process", () => {
  const context = {
    get executionCtx(): never {
      throw new Error("This context has no ExecutionContext");
    },
  };
  assertStrictEquals(detectLifetime(context), processLifetime());
});

Deno.test("detectLifetime() does not take a waitUntil of h3 that does nothing", () => {
  const event = { waitUntil() {}, req: {} };
  assertStrictEquals(detectLifetime(event), processLifetime());
});

Deno.test("detectLifetime() takes a lifetime as it is", () => {
  const mine: Lifetime = { waitUntil() {}, deadline: new Date(0) };
  assertStrictEquals(detectLifetime(request, mine), mine);
  for (
    const lifetime of [
      cloudflareLifetime(new Ctx()),
      processLifetime(),
      lambdaLifetime({ getRemainingTimeInMillis: () => 1 }),
    ]
  ) {
    assertStrictEquals(detectLifetime({}, lifetime), lifetime);
  }
});

Deno.test("detectLifetime() tells hosts apart by what surrounds a waitUntil", () => {
  const plain = { held: [] as unknown[], waitUntil: (work: unknown) => void plain.held.push(work) };
  const source = (...args: unknown[]) => detectLifetime(...args).source ?? "";
  assert(source(request, { ...plain, site: {}, deploy: {} }).startsWith("netlify"));
  assert(source({ ...plain, request }).startsWith("service-worker"));
  assert(source(plain).startsWith("framework"));
  withGlobals({ fastly: {} }, () => assert(source({ ...plain, request }).startsWith("fastly")));
  withGlobals({ Netlify: { context: plain } }, () => assert(source(plain).startsWith("netlify")));
  withGlobals({ [Symbol.for("@vercel/request-context")]: { get: () => plain } }, () => {
    assert(source(plain).startsWith("vercel"));
  });
  withGlobals(WORKERD, () => assert(source(request, {}, plain).startsWith("cloudflare")));
});

Deno.test("detectLifetime() finds what hosts keep on globalThis, before the process", () => {
  const ctx = new Ctx();
  const context = { get: () => ctx };
  const hosts: [string, Record<PropertyKey, unknown>][] = [
    ["vercel (http", { [Symbol.for("@vercel/request-context")]: context }],
    ["netlify (http", { Netlify: { context: ctx } }],
    ["supabase (http", { EdgeRuntime: ctx }],
    ["bunny (http", { Bunny: { v1: ctx } }],
    ["neon (http", { [Symbol.for("@neondatabase/functions/request-context")]: context }],
    ["next (http", { [Symbol.for("@next/request-context")]: context }],
  ];
  for (const [expected, globals] of hosts) {
    withGlobals(globals, () => assertEquals(found(ctx, request, { remoteAddr: {} }), expected));
  }
});

Deno.test("detectLifetime() knows the context of Lambda", () => {
  const context = { getRemainingTimeInMillis: () => 1_000 };
  assertInstanceOf(detectLifetime({}, context), LambdaLifetime);
  assertInstanceOf(detectLifetime({ env: { lambdaContext: context } }), LambdaLifetime);
});

Deno.test("detectLifetime() refuses hosts that freeze the process, and says what to pass", () => {
  const hosts = {
    AWS_LAMBDA_FUNCTION_NAME: "lambdaLifetime(context)",
    K_SERVICE: "nodeLifetime()",
    FUNCTIONS_WORKER_RUNTIME: "Azure",
  };
  for (const [variable, hint] of Object.entries(hosts)) {
    const env = { get: (name: string) => name === variable ? "yes" : undefined };
    withGlobals({ Deno: { env } }, () => assertThrows(() => detectLifetime(request), LifetimeUnavailableError, hint));
    const node = { Deno: undefined, process: { env: { [variable]: "yes" }, versions: { node: "24.0.0" } } };
    withGlobals(node, () => assertThrows(() => detectLifetime(request), LifetimeUnavailableError, hint));
  }
});

Deno.test("detectLifetime() refuses hosts that run on Lambda or Cloud Run by their own name first", () => {
  const names = ["VERCEL_REGION", "AWS_LAMBDA_FUNCTION_NAME"];
  const env = { get: (name: string) => names.includes(name) ? "yes" : undefined };
  withGlobals({ Deno: { env } }, () => {
    assertThrows(() => detectLifetime(request), LifetimeUnavailableError, "Vercel suspends the process");
    withGlobals({ Netlify: { context: null } }, () => {
      assertThrows(() => detectLifetime(request), LifetimeUnavailableError, "pass the handler's context");
    });
  });
});

Deno.test("detectLifetime() does not take a server's own waitUntil where the server is frozen", () => {
  const srvx = { waitUntil() {} }; // the request of srvx: it waits when the process ends, which does not run on
  assert(detectLifetime(srvx).source?.startsWith("framework"));
  const env = { get: (name: string) => name === "K_SERVICE" ? "yes" : undefined };
  withGlobals({ Deno: { env } }, () => {
    assertThrows(() => detectLifetime(srvx), LifetimeUnavailableError, "K_SERVICE is set");
    assertStrictEquals(detectLifetime(processLifetime()), processLifetime()); // what you pass counts
  });
});

Deno.test("detectLifetime() refuses to take a text of the host's for a lifetime's deadline", () => {
  const context = { waitUntil() {}, deadline: "2100-01-01T00:00:00.000Z" }; // Vercel's own context
  withGlobals({ [Symbol.for("@vercel/request-context")]: { get: () => context } }, () => {
    assertEquals(detectLifetime(context).deadline, new Date("2100-01-01T00:00:00Z"));
  });
});

Deno.test("detectLifetime() never asks for a permission", () => {
  const env = {
    get: (): never => {
      throw new Error("asked");
    },
  };
  const permissions = { querySync: () => ({ state: "prompt" }) };
  withGlobals({ Deno: { env, permissions } }, () => assertStrictEquals(detectLifetime(), processLifetime()));
});

Deno.test("detectLifetime() listens to SIGINT on Deno Deploy", () => {
  const listened: string[] = [];
  const process = { on: (signal: string) => void listened.push(signal), versions: {} };
  const env = { get: (name: string) => name === "DENO_DEPLOY" ? "true" : undefined };
  withGlobals({ Deno: { env }, process }, () => assertStrictEquals(detectLifetime(), processLifetime()));
  assertEquals(listened, ["SIGINT"]);
});

Deno.test("detectLifetime() refuses a Worker without ctx, and hosts it does not know", () => {
  withGlobals(
    WORKERD,
    () => assertThrows(() => detectLifetime(request), LifetimeUnavailableError, "pass the handler's ctx"),
  );
  const nowhere = { Deno: undefined, Bun: undefined, process: undefined, navigator: undefined };
  withGlobals(nowhere, () => assertThrows(() => detectLifetime(), LifetimeUnavailableError, "not known"));
});
