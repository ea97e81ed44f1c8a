/** The mock is as Cloudflare is: 30 s from the end of the response or the disconnect, shared; bound calls only. */
import { assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { stub } from "@std/testing/mock";
import { FakeTime } from "@std/testing/time";
import { LifetimeLimitError, LifetimeUnavailableError, TaskScope } from "@taskscope/taskscope";
import { cloudflareLifetime } from "@taskscope/taskscope/cloudflare";
import { cloudflareGlobalLifetime } from "@taskscope/taskscope/cloudflare/global";
import { Ctx, withGlobals } from "./globals.ts";

const left = ({ deadline }: { deadline?: Date | undefined }) => Number(deadline) - Date.now();

Deno.test("cloudflareLifetime() has 30 s from now until the response has ended, then a fixed end", async () => {
  using time = new FakeTime();
  const lifetime = cloudflareLifetime(new Ctx());
  await time.tickAsync(60_000);
  assertEquals(left(lifetime), 30_000);
  lifetime.responseEnded();
  await time.tickAsync(10_000);
  assertEquals(left(lifetime), 20_000);
  lifetime.disconnected(); // one clock for both
  assertEquals(left(lifetime), 20_000);
});

Deno.test("cloudflareLifetime() starts the clock at a disconnect too", async () => {
  using time = new FakeTime();
  const lifetime = cloudflareLifetime(new Ctx(), { limits: { http: 10_000 } });
  lifetime.disconnected();
  await time.tickAsync(4_000);
  assertEquals(left(lifetime), 6_000);
});

Deno.test("cloudflareLifetime() gives cron, queue and alarm 15 minutes from the start, a Durable Object no limit", async () => {
  using time = new FakeTime();
  for (const trigger of ["cron", "queue", "alarm"] as const) {
    const lifetime = cloudflareLifetime(new Ctx(), { trigger });
    await time.tickAsync(60_000);
    lifetime.responseEnded();
    assertEquals(left(lifetime), 840_000);
  }
  const state = { waitUntil() {}, storage: {}, id: {} };
  assertEquals(cloudflareLifetime(state).deadline, undefined);
});

Deno.test("a detached task that asks for more is refused before it starts, with the source", async () => {
  const lifetime = cloudflareLifetime(new Ctx());
  await using scope = new TaskScope({ lifetime });
  const error = assertThrows(
    () => scope.spawnDetached(() => {}, { deadline: { minutes: 1 } }),
    LifetimeLimitError,
    "developers.cloudflare.com/workers/platform/limits",
  );
  assertEquals([error.requested, error.source], [60_000, lifetime.source]);
});

Deno.test("a task that was sure of its time when the response was open keeps it: the clock starts later", async () => {
  using time = new FakeTime();
  const ctx = new Ctx();
  const lifetime = cloudflareLifetime(ctx);
  const scope = new TaskScope({ lifetime });
  const task = scope.spawnDetached((task) => task.sleep(28_000), { deadline: { seconds: 29 } });
  lifetime.responseEnded();
  await time.tickAsync(28_000);
  assertEquals((await task.outcome).state, "succeeded");
  assertEquals(await Promise.all(ctx.held), [undefined]);
  await scope.close();
});

Deno.test("waitUntil() hands over a promise that fulfills, and reports a failure", async () => {
  using log = stub(console, "error", () => {});
  const ctx = new Ctx();
  const boom = new Error("boom");
  cloudflareLifetime(ctx, { trigger: "queue" }).waitUntil(Promise.reject(boom)); // would fail the batch (2.1 d)
  assertEquals(await Promise.all(ctx.held), [undefined]);
  assertEquals(log.calls.map(({ args }) => args[1]), [boom]);
});

Deno.test("waitUntil() refuses what is no native promise", () => {
  const lifetime = cloudflareLifetime(new Ctx());
  assertThrows(() => lifetime.waitUntil(5 as never), TypeError, "needs a promise, got 5");
  assertThrows(() => lifetime.waitUntil({ then() {} } as never), TypeError, "Promise.resolve()");
});

Deno.test("cloudflareLifetime() says whether disconnects are told, by the flags workerd lists", () => {
  assertEquals(cloudflareLifetime(new Ctx()).disconnects, undefined); // not on workerd
  for (const [flags, expected] of [[{ enable_request_signal: true }, "told"], [{}, "not told"]] as const) {
    withGlobals({ Cloudflare: { compatibilityFlags: flags } }, () => {
      assertEquals(cloudflareLifetime(new Ctx()).disconnects, expected);
    });
  }
});

Deno.test("cloudflareLifetime() refuses what is no ctx", () => {
  for (const ctx of [undefined, null, {}, { waitUntil: 5 }]) {
    assertThrows(() => cloudflareLifetime(ctx as never), TypeError, "Cannot use the lifetime of cloudflare");
  }
});

Deno.test("cloudflareGlobalLifetime() explains itself elsewhere", async () => {
  const error = await assertRejects(() => cloudflareGlobalLifetime(), LifetimeUnavailableError, "pass ctx");
  assertInstanceOf(error.cause, Error);
});
