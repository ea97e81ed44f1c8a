/** The simulated Cloudflare. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { LifetimeUnavailableError, TaskScope } from "@taskscope/taskscope";
import { SimulatedHost } from "@taskscope/taskscope/testing";
import { type Ctx, tick, wait } from "./fake_time.ts";

Deno.test("cloudflare: 30 s from the end of the response, shared by all that is held, and no finally", async () => {
  using time = new FakeTime();
  using host = new SimulatedHost("cloudflare");
  const log: string[] = [];
  const work = (ms: number) => wait(ms).then(() => log.push(`${ms}`)).finally(() => log.push("finally"));
  const call = host.fetch(async (_request: Request, _env: unknown, ctx: Ctx) => {
    await wait(10_000);
    ctx.waitUntil(work(20_000));
    ctx.waitUntil(work(40_000));
    return new Response("started", { status: 202 });
  });
  await tick(time, 10_000);
  assertEquals((await call.response).status, 202);
  await tick(time, 60_000, 1_000);
  assertEquals(log, ["20000", "finally"]);
  assertEquals(call.report().work, [
    { name: "waitUntil 1", kind: "waitUntil", state: "completed", at: 30_000 },
    { name: "waitUntil 2", kind: "waitUntil", state: "cut-off", by: "limit", at: 40_000 },
  ]);
  assertEquals(host.report().log.length, 1);
});

Deno.test("cloudflare: a disconnect ends everything at once, finally included, unless work is held", async () => {
  using time = new FakeTime();
  using host = new SimulatedHost("cloudflare");
  const log: string[] = [];
  const handler = async (request: Request, _env: unknown, ctx: Ctx) => {
    const { pathname } = new URL(request.url);
    request.signal.addEventListener("abort", () => log.push(`${pathname} aborted`));
    if (pathname === "/held") ctx.waitUntil(wait(5_000));
    try {
      await wait(1_000);
      log.push(`${pathname} went on`);
    } finally {
      log.push(`${pathname} finally`);
    }
    return new Response();
  };
  const unheld = host.fetch(handler, "http://localhost/unheld");
  const held = host.fetch(handler, "http://localhost/held");
  await tick(time, 10);
  unheld.disconnect();
  held.disconnect();
  await assertRejects(() => unheld.response, DOMException);
  await tick(time, 10_000);
  assertEquals(log, ["/unheld aborted", "/held aborted", "/held went on", "/held finally"]);
  assertEquals([unheld.state, held.state], ["cut-off", "ended"]);
});

Deno.test("cloudflare: work that is not held is dropped with the response, and named", async () => {
  using time = new FakeTime();
  using host = new SimulatedHost("cloudflare");
  let ran = false;
  const call = host.fetch(() => {
    void host.track("audit", wait(100).then(() => ran = true));
    return new Response();
  });
  await call.ended;
  await tick(time, 1_000);
  assertEquals([ran, call.report().neverRegistered], [false, ["audit", "a timer of 100 ms"]]);
});

Deno.test("cloudflare: without a lifetime, a detached task is refused as on the real host", async () => {
  using host = new SimulatedHost("cloudflare");
  const call = host.fetch(() =>
    TaskScope.run((scope) => {
      assertThrows(() => scope.spawnDetached(() => {}, { deadline: 5 }), LifetimeUnavailableError);
      return new Response("ok");
    })
  );
  assertEquals(await (await call.response).text(), "ok");
  assertEquals(call.report().errors, []);
});

Deno.test("cloudflare: an unbound waitUntil is an illegal invocation, a rejection is logged, in a queue it fails the batch", async () => {
  using host = new SimulatedHost("cloudflare");
  const call = host.fetch((_request: Request, _env: unknown, ctx: Ctx) => {
    const { waitUntil } = ctx;
    assertThrows(() => waitUntil(Promise.resolve()), TypeError, "Illegal invocation");
    ctx.waitUntil(Promise.reject(new Error("boom")));
    return new Response();
  });
  await call.ended;
  assertEquals(call.report().errors.map(({ of, where }) => [of, where]), [["waitUntil 1", "log"]]);
  host.close();
  using queues = new SimulatedHost("cloudflare", { trigger: "queue" });
  const batch = queues.invoke((_batch: unknown, _env: unknown, ctx: Ctx) => {
    ctx.waitUntil(Promise.reject(new Error("boom")));
  }, { messages: [] });
  await batch.ended;
  assertEquals(batch.report().errors.map(({ where }) => where), ["event"]);
});

Deno.test("cloudflare: a latch without a timer behind it is a hang, with one it is not", async () => {
  using time = new FakeTime();
  using host = new SimulatedHost("cloudflare");
  const call = host.fetch(async (_request: Request, _env: unknown, ctx: Ctx) => {
    ctx.waitUntil(new Promise(() => {}));
    await wait(100);
    return await new Promise<Response>(() => {});
  });
  assertEquals(call.detectHang(), false);
  await tick(time, 100);
  assertEquals(call.detectHang(), true);
  assertEquals((await call.response).status, 500);
  assertEquals(call.report().cutOff, ["waitUntil 1"]);
});
