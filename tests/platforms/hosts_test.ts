/** Mocks of Vercel, Netlify, Supabase, Fastly and Lambda. */
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { stub } from "@std/testing/mock";
import { FakeTime } from "@std/testing/time";
import {
  CancelReason,
  LifetimeLimitError,
  LifetimeUnavailableError,
  processLifetime,
  TaskScope,
} from "@taskscope/taskscope";
import { bunLifetime } from "@taskscope/taskscope/bun";
import { denoLifetime } from "@taskscope/taskscope/deno";
import { fastlyLifetime } from "@taskscope/taskscope/fastly";
import { lambdaLifetime } from "@taskscope/taskscope/lambda";
import { netlifyLifetime } from "@taskscope/taskscope/netlify";
import { nodeLifetime } from "@taskscope/taskscope/node";
import { supabaseLifetime } from "@taskscope/taskscope/supabase";
import { vercelLifetime } from "@taskscope/taskscope/vercel";
import { Ctx, withGlobals } from "./globals.ts";

const VERCEL = Symbol.for("@vercel/request-context");

Deno.test("vercelLifetime() has the deadline Vercel tells", () => {
  const context = { waitUntil() {}, deadline: "2100-01-01T00:00:00.000Z" };
  const { deadline } = withGlobals({ [VERCEL]: { get: () => context } }, () => vercelLifetime());
  assertEquals(deadline, new Date("2100-01-01T00:00:00Z"));
});

Deno.test("vercelLifetime() counts the maximum from the call where Vercel tells nothing", async () => {
  using time = new FakeTime();
  const ctx = new Ctx();
  const symbol = { [VERCEL]: { get: () => ctx } };
  const lifetime = withGlobals(symbol, () => vercelLifetime({ limits: { http: 60_000 } }));
  await time.tickAsync(10_000);
  assertEquals(Number(lifetime.deadline) - Date.now(), 50_000);
  lifetime.waitUntil(Promise.resolve());
  assertEquals(ctx.held.length, 1);
});

Deno.test("vercelLifetime() is an error outside of a request, where Vercel's waitUntil does nothing", () => {
  assertThrows(() => vercelLifetime(), LifetimeUnavailableError, "not a request on Vercel");
  const between = { [VERCEL]: { get: () => undefined } };
  assertThrows(() => withGlobals(between, () => vercelLifetime()), LifetimeUnavailableError);
});

Deno.test("netlifyLifetime() takes the context given, else Netlify.context, which is null outside", () => {
  const ctx = new Ctx();
  netlifyLifetime(ctx).waitUntil(Promise.resolve());
  withGlobals({ Netlify: { context: ctx } }, () => netlifyLifetime()).waitUntil(Promise.resolve());
  assertEquals(ctx.held.length, 2);
  withGlobals({ Netlify: { context: null } }, () => assertThrows(() => netlifyLifetime(), LifetimeUnavailableError));
  assertEquals(netlifyLifetime(ctx, { trigger: "edge" }).deadline, undefined);
});

Deno.test("supabaseLifetime() counts from the worker's start, and ends at the warning", () => {
  const EdgeRuntime = { waitUntil() {} };
  const startedAt = new Date(Date.now() - 100_000);
  withGlobals({ EdgeRuntime }, () => {
    assertEquals(supabaseLifetime({ startedAt }).deadline, new Date(startedAt.getTime() + 135_000));
    assertEquals(supabaseLifetime({ startedAt, limits: { http: null } }).deadline, undefined);
    assertStrictEquals(supabaseLifetime().closing, supabaseLifetime().closing);
  });
});

Deno.test("supabaseLifetime() tells tasks of beforeunload, as kind lifetime, with the reason", async () => {
  const EdgeRuntime = { waitUntil() {} };
  const lifetime = withGlobals({ EdgeRuntime }, () => supabaseLifetime({ startedAt: new Date() }));
  await using scope = new TaskScope({ lifetime });
  const task = scope.spawnDetached((task) => task.sleep(60_000), { deadline: { minutes: 2 } });
  const outcome = task.outcome;
  globalThis.dispatchEvent(new CustomEvent("beforeunload", { detail: { reason: "wall_clock" } }));
  const { state, reason } = await outcome as { state: string; reason: CancelReason };
  assertInstanceOf(reason, CancelReason);
  assertEquals([state, reason.kind], ["canceled", "lifetime"]);
  assert(reason.message.includes("wall_clock"));
});

Deno.test("supabaseLifetime(): one warning reaches the tasks of all requests, and no new one is taken", async () => {
  using log = stub(console, "error", () => {});
  const EdgeRuntime = { waitUntil() {} };
  const lifetimes = withGlobals({ EdgeRuntime }, () => [supabaseLifetime(), supabaseLifetime({ plan: "paid" })]);
  const scopes = lifetimes.map((lifetime) => new TaskScope({ lifetime }));
  const tasks = scopes.map((scope) => scope.spawnDetached((task) => task.sleep(60_000), { deadline: { minutes: 1 } }));
  globalThis.dispatchEvent(new CustomEvent("beforeunload", { detail: { reason: "memory" } }));
  globalThis.dispatchEvent(new CustomEvent("beforeunload", { detail: { reason: "termination" } })); // the first counts
  for (const { state } of await Promise.all(tasks.map((task) => task.outcome))) assertEquals(state, "canceled");
  for (const scope of scopes) {
    const error = assertThrows(() => scope.spawnDetached(() => {}, { deadline: 5 }), LifetimeUnavailableError);
    assert((error.cause as Error).message.endsWith("memory"));
    await scope.close();
  }
  assertEquals(log.calls.length, 0); // reading the outcome counts as observing
});

Deno.test("supabaseLifetime() cancels 1 s before the warning where time alone is the reason", async () => {
  using time = new FakeTime();
  const EdgeRuntime = { waitUntil() {} };
  const lifetime = withGlobals({ EdgeRuntime }, () => supabaseLifetime({ startedAt: new Date() }));
  await using scope = new TaskScope({ lifetime });
  const asked = { deadline: { minutes: 5 }, onExceed: "clamp" } as const;
  const task = scope.spawnDetached((task) => task.sleep(600_000), asked);
  const outcome = task.outcome;
  await time.tickAsync(134_000); // 90 % of 150 s, less the margin
  assertEquals([(await outcome).state, task.clamped], ["failed", true]);
});

Deno.test("supabaseLifetime() is an error elsewhere, also where EdgeRuntime is a string", () => {
  assertThrows(() => supabaseLifetime(), LifetimeUnavailableError);
  withGlobals({ EdgeRuntime: "edge-runtime" }, () => assertThrows(() => supabaseLifetime(), LifetimeUnavailableError));
});

Deno.test("fastlyLifetime() has two minutes, and explains a late call", async () => {
  const event = {
    waitUntil() {
      throw new Error("FetchEvent#waitUntil called on inactive event");
    },
  };
  const lifetime = fastlyLifetime(event);
  await using scope = new TaskScope({ lifetime });
  const error = assertThrows(() => scope.spawnDetached(() => {}, { deadline: 5 }), LifetimeUnavailableError);
  assertInstanceOf(error.cause, LifetimeUnavailableError);
  assert(error.cause.message.includes("while the handler runs"));
  assertThrows(() => scope.spawnDetached(() => {}, { deadline: { minutes: 3 } }), LifetimeLimitError, "fastly");
});

const lambdaContext = { getRemainingTimeInMillis: () => 10_000 };

Deno.test("lambdaLifetime() refuses work that nobody would await, and explains", async () => {
  const lifetime = lambdaLifetime(lambdaContext);
  await using scope = new TaskScope({ lifetime });
  const error = assertThrows(() => scope.spawnDetached(() => {}, { deadline: 5 }), LifetimeUnavailableError);
  assert((error.cause as Error).message.includes("freezes the process"));
  assertThrows(() => lifetime.waitUntil({ then() {} } as never), TypeError);
  assertThrows(() => lambdaLifetime({} as never), TypeError, "the handler's context is needed");
});

Deno.test("lambdaLifetime().run() awaits work, also what is added meanwhile, also when the body fails", async () => {
  const log: string[] = [];
  const lifetime = lambdaLifetime(lambdaContext);
  const failed = lifetime.run(() =>
    TaskScope.run((scope) => {
      scope.spawnDetached(async (task) => {
        await task.sleep(1);
        task.spawnDetached((task) => task.sleep(1).then(() => log.push("second")), { deadline: 5_000 });
        log.push("first");
      }, { deadline: 5_000 });
      throw new Error("boom");
    }, { lifetime })
  );
  await assertRejects(() => failed, Error, "boom");
  assertEquals(log, ["first", "second"]);
});

Deno.test("lambdaLifetime().run() answers although work that was taken never ends, and reports it", async () => {
  using time = new FakeTime();
  using log = stub(console, "error", () => {});
  const answer = lambdaLifetime(lambdaContext).run((lifetime) => {
    lifetime.waitUntil(new Promise(() => {}));
    return "answer";
  });
  await time.tickAsync(9_749);
  assertEquals(log.calls.length, 0);
  await time.tickAsync(1);
  assertEquals(await answer, "answer");
  assertEquals(log.calls.map(({ args }) => args[0]), [
    "TaskScope: the time of the Lambda function is over, 1 of its works are frozen",
  ]);
});

Deno.test("lambdaLifetime() knows when the function's time is over", async () => {
  using time = new FakeTime();
  const lifetime = lambdaLifetime(lambdaContext);
  await time.tickAsync(4_000);
  assertEquals(Number(lifetime.deadline) - Date.now(), 6_000);
  assert(lifetime.source.startsWith("lambda"));
});

Deno.test("denoLifetime(), bunLifetime() and nodeLifetime() are the process, and drain on SIGTERM and SIGINT", () => {
  const listened: string[] = [];
  const process = { ...globalThis.process, on: (signal: string) => void listened.push(signal), env: {} };
  withGlobals({ process }, () => {
    for (const lifetime of [denoLifetime, bunLifetime, nodeLifetime]) assertStrictEquals(lifetime(), processLifetime());
  });
  assertEquals(listened, ["SIGTERM", "SIGINT"]); // once each
});
