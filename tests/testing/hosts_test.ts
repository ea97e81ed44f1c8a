/** The other simulated hosts. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { LifetimeUnavailableError } from "@taskscope/taskscope";
import { scoped } from "@taskscope/taskscope/http";
import { assertNothingPending, SimulatedHost } from "@taskscope/taskscope/testing";
import { type Ctx, tick, wait } from "./fake_time.ts";

Deno.test("deno: the signal aborts when the answer is delivered, before the client reads; the request is closed", async () => {
  using host = new SimulatedHost("deno");
  const { promise, resolve } = Promise.withResolvers<string>();
  const call = host.fetch((request: Request, info: { completed: Promise<void> }) => {
    let completed = "pending";
    void info.completed.then(() => completed = "resolved");
    request.signal.addEventListener("abort", () => queueMicrotask(() => resolve(completed)));
    void request.url;
    return Object.assign(new Response("ok"), { request });
  });
  const { text } = await call.response.then(async (response) => ({ text: await response.text() }));
  assertEquals([text, await promise], ["ok", "resolved"]);
});

Deno.test("deno: info.completed is pending one microtask after the abort of a disconnect", async () => {
  using host = new SimulatedHost("deno");
  const { promise, resolve } = Promise.withResolvers<string>();
  const call = host.fetch((request: Request, info: { completed: Promise<void> }) => {
    let completed = "pending";
    void info.completed.then(() => completed = "resolved");
    request.signal.addEventListener("abort", () => queueMicrotask(() => resolve(completed)));
    return new Promise<Response>(() => {});
  });
  call.disconnect();
  assertEquals(await promise, "pending");
});

Deno.test("vercel: the limit counts from the start, the client gets a 504; the context is there per request", async () => {
  using time = new FakeTime();
  using host = new SimulatedHost("vercel", { limits: { http: 10_000 } });
  const symbol = Symbol.for("@vercel/request-context");
  const context = () => (globalThis as unknown as Record<symbol, { get(): { deadline?: string } | undefined }>)[symbol];
  let deadline: string | undefined;
  const call = host.fetch(async () => {
    await wait(1);
    deadline = context()?.get()?.deadline;
    return await new Promise<Response>(() => {});
  });
  const end = new Date(Date.now() + 10_000).toISOString();
  assertEquals(context()?.get(), undefined);
  await tick(time, 10_000);
  assertEquals([(await call.response).status, deadline], [504, end]);
  assertEquals(call.report().work, []);
});

Deno.test("vercel: what is not registered is frozen, and goes on within another request", async () => {
  using time = new FakeTime();
  using host = new SimulatedHost("vercel");
  const first = host.fetch(() => {
    void host.track("audit", wait(1_000));
    return new Response();
  }, "http://localhost/first");
  await tick(time, 5_000);
  assertEquals([first.state, first.report().work[0]?.state], ["frozen", "frozen"]);
  assertThrows(() => assertNothingPending(host), Error, "GET /first: audit (tracked, frozen)");
  const second = host.fetch(() => wait(100).then(() => new Response()), "http://localhost/second");
  await tick(time, 100);
  await second.ended;
  const { state, thawedIn, at } = first.report().work[0] ?? {};
  assertEquals([state, thawedIn, at], ["completed", "GET /second", 5_005]);
});

Deno.test("lambda: frozen at the response; a failure is blamed on the next invocation and ends the process", async () => {
  using time = new FakeTime();
  using host = new SimulatedHost("lambda");
  const first = host.invoke((_event: unknown, context: { getRemainingTimeInMillis(): number }) => {
    assertEquals(context.getRemainingTimeInMillis(), 900_000);
    void host.track("audit", wait(100).then(() => Promise.reject(new Error("boom"))));
    return "first";
  });
  assertEquals(await first.response, "first");
  await tick(time, 1_000);
  assertEquals(first.report().neverRegistered, ["audit", "a timer of 100 ms"]);
  const second = host.invoke(() => wait(500));
  await tick(time, 10);
  assertEquals(first.report().errors.map(({ where }) => where), ["next-invocation"]);
  assertEquals([second.state, host.report().exitCode], ["cut-off", 128]);
  await assertRejects(() => second.response, Error, "process-exit");
});

Deno.test("lambda: scoped() refuses detached work, through the lambdaContext that adapters pass", async () => {
  using host = new SimulatedHost("lambda");
  const errors: unknown[] = [];
  const handler = scoped((_request, scope) => {
    scope.spawnDetached(() => {}, { deadline: 5 });
    return new Response();
  }, { onError: (error) => void errors.push(error) });
  assertEquals((await host.fetch(handler).response).status, 500);
  assert(errors[0] instanceof LifetimeUnavailableError);
});

Deno.test("supabase: beforeunload at 90 % of the worker's time, the end at 100 %, counted from its start", async () => {
  using time = new FakeTime();
  using host = new SimulatedHost("supabase");
  await tick(time, 100_000);
  const outcomes: string[] = [];
  const call = host.fetch(scoped((_request, scope) => {
    const task = scope.spawnDetached((task) => task.sleep(600_000), {
      name: "long",
      deadline: { seconds: 34 }, // until the warning, less a margin
      onExceed: "clamp",
    });
    task.outcome.then((outcome) => outcomes.push(outcome.state === "canceled" ? outcome.kind : outcome.state));
    return new Response("ok");
  }, { observer: { ...host.observer, onError: () => {} } }));
  const uncooperative = host.fetch(() => {
    const { EdgeRuntime } = globalThis as unknown as { EdgeRuntime: { waitUntil<T>(work: T): T } };
    EdgeRuntime.waitUntil({ then() {} }); // ignored without a word
    const work = new Promise(() => {});
    assertEquals(EdgeRuntime.waitUntil(work), work);
    return new Response();
  });
  await tick(time, 50_000);
  assertEquals(call.report().completed, ["waitUntil 1", "GET //long"]);
  assertEquals(outcomes.length, 1);
  assertEquals(uncooperative.report().work.map(({ name, by, at }) => [name, by, at]), [[
    "waitUntil 1",
    "limit",
    50_000,
  ]]);
});

Deno.test("fastly: no signal, a late waitUntil throws, rejections vanish", async () => {
  using time = new FakeTime();
  using host = new SimulatedHost("fastly");
  const errors: unknown[] = [];
  let signal: unknown = "unset";
  const call = host.fetch((request: Request, event: Ctx) => {
    signal = request.signal;
    event.waitUntil(wait(100).then(() => event.waitUntil(Promise.reject(new Error("vanishes")))));
    setTimeout(() => {
      try {
        event.waitUntil(Promise.resolve());
      } catch (error) {
        errors.push(error);
      }
    }, 50);
    return new Response();
  });
  await tick(time, 1_000);
  assertEquals([signal, errors], [undefined, []]); // something was still held
  assertEquals(call.report().errors.map(({ where }) => where), ["nowhere"]);
  let late: Ctx | undefined;
  await host.fetch((_request: Request, event: Ctx) => {
    late = event;
    return new Response();
  }).ended;
  assertThrows(() => late?.waitUntil(Promise.resolve()), Error, "inactive event");
});
