import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { stub } from "@std/testing/mock";
import { FakeTime } from "@std/testing/time";
import { CancelReason, TaskScope } from "@taskscope/taskscope";
import { assertLifetime } from "../src/lifetime.ts";
import { ProcessLifetime } from "../src/process_lifetime.ts";
import { defaultLifetime, ProcessRegistry, processRegistry } from "../src/process_registry.ts";
import { withGlobals } from "./platforms/globals.ts";

Deno.test("drain() returns at once when nothing is pending", async () => {
  const lifetime = new ProcessLifetime();
  assertEquals(await lifetime.drain({ deadline: 1_000 }), { completed: 0, canceled: 0, pending: 0 });
});

Deno.test("drain() waits also for tasks added while it drains", async () => {
  const lifetime = new ProcessLifetime();
  await using scope = new TaskScope({ lifetime });
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  scope.spawnDetached(() => first.promise, { deadline: 1_000 });
  const drained = lifetime.drain({ deadline: 1_000 });
  scope.spawnDetached(() => second.promise, { deadline: 1_000 });
  assertEquals(lifetime.pending, 2);
  first.resolve();
  second.resolve();
  assertEquals(await drained, { completed: 2, canceled: 0, pending: 0 });
});

Deno.test("drain() cancels what does not fit for a reason of kind shutdown, a margin before its end", async () => {
  using time = new FakeTime();
  const lifetime = new ProcessLifetime();
  const scope = new TaskScope({ lifetime });
  let endedAt = 0;
  const start = Date.now();
  const fits = scope.spawnDetached((task) => task.sleep(100), { deadline: { minutes: 1 } });
  const long = scope.spawnDetached(({ signal }) => {
    signal.addEventListener("abort", () => endedAt = Date.now() - start);
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  }, { deadline: { minutes: 1 } });
  const outcome = long.outcome;
  const drained = lifetime.drain({ deadline: 4_000 });
  await time.tickAsync(100);
  await time.tickAsync(2_899);
  assertEquals([fits.state, long.state], ["succeeded", "running"]);
  await time.tickAsync(1);
  await time.tickAsync(0);
  assertEquals(await drained, { completed: 1, canceled: 1, pending: 0 });
  assertEquals(endedAt, 3_000);
  const { state, reason } = await outcome as { state: string; reason: CancelReason };
  assertInstanceOf(reason, CancelReason);
  assertEquals([state, reason.kind], ["canceled", "shutdown"]);
  await scope.close();
  assert(!lifetime.closing.aborted, "the lifetime can be used again");
  assertEquals(lifetime.deadline, undefined);
});

Deno.test("drain() ends at its deadline, and names what ignored it", async () => {
  using time = new FakeTime();
  using log = stub(console, "error", () => {});
  const lifetime = new ProcessLifetime();
  const scope = new TaskScope({ lifetime, name: "page" });
  const stuck = Promise.withResolvers<void>();
  scope.spawnDetached(() => stuck.promise, { deadline: { minutes: 1 }, name: "stuck" });
  const drained = lifetime.drain({ deadline: 1_000 });
  await time.tickAsync(1_000);
  await time.tickAsync(0);
  assertEquals(await drained, { completed: 0, canceled: 1, pending: 0 });
  assertEquals(log.calls.map(({ args }) => String(args[0]).includes("page/stuck")), [true]);
  stuck.resolve();
  await scope.close();
});

Deno.test("two drains at once agree on what was canceled", async () => {
  using time = new FakeTime();
  const lifetime = new ProcessLifetime();
  const scope = new TaskScope({ lifetime });
  const task = scope.spawnDetached((task) => task.sleep(60_000), { deadline: { minutes: 1 } });
  const outcome = task.outcome;
  const drains = Promise.all([lifetime.drain({ deadline: 400 }), lifetime.drain({ deadline: 5_000 })]);
  await time.tickAsync(300);
  await time.tickAsync(0);
  const report = { completed: 0, canceled: 1, pending: 0 };
  assertEquals([...await drains, (await outcome).state], [report, report, "canceled"]);
  await scope.close();
});

Deno.test("drain() keeps a margin of a second, and the lifetime is closing until the last of several drains is over", async () => {
  using time = new FakeTime();
  const registry = new ProcessRegistry();
  const lifetime = new ProcessLifetime(registry);
  const work = Promise.withResolvers<void>();
  lifetime.waitUntil(work.promise);
  const [short, long] = [lifetime.drain({ deadline: 10_000 }), lifetime.drain({ deadline: 20_000, margin: 0 })];
  await time.tickAsync(8_999);
  assertEquals(lifetime.closing.aborted, false);
  await time.tickAsync(1);
  assertEquals(lifetime.closing.aborted, true);
  await time.tickAsync(1_000);
  assertEquals(await short, { completed: 0, canceled: 1, pending: 1 });
  assertEquals([lifetime.closing.aborted, registry.drains.size], [true, 1]);
  work.resolve();
  await time.tickAsync(0);
  await time.tickAsync(0);
  assertEquals(await long, { completed: 0, canceled: 1, pending: 0 });
  assertEquals([lifetime.closing.aborted, registry.drains.size], [false, 0]);
});

Deno.test("drain() counts what was pending at the first cut, whatever is left at the cut of another drain", async () => {
  using time = new FakeTime();
  const lifetime = new ProcessLifetime();
  const [ends, stuck] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  lifetime.waitUntil(ends.promise);
  lifetime.waitUntil(stuck.promise);
  const [short, long] = [lifetime.drain({ deadline: 1_000 }), lifetime.drain({ deadline: 2_000 })];
  await time.tickAsync(1_000);
  assertEquals(await short, { completed: 0, canceled: 2, pending: 2 });
  ends.resolve();
  await time.tickAsync(1_000);
  assertEquals(await long, { completed: 0, canceled: 2, pending: 1 });
  stuck.resolve();
});

Deno.test("drain() waits for what work that has ended hands on in the same turn", async () => {
  using time = new FakeTime();
  const lifetime = new ProcessLifetime();
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  lifetime.waitUntil(first.promise);
  const drained = lifetime.drain({ deadline: 1_000 });
  first.resolve();
  await first.promise;
  assertEquals(lifetime.pending, 0);
  lifetime.waitUntil(second.promise);
  await time.tickAsync(1);
  second.resolve();
  await time.tickAsync(1);
  assertEquals(await drained, { completed: 2, canceled: 0, pending: 0 });
});

Deno.test("whoever listens to closing hears of the first drain that cancels, not only of the next one", async () => {
  using time = new FakeTime();
  const lifetime = new ProcessLifetime();
  const { closing } = lifetime;
  const ends = Promise.withResolvers<void>();
  lifetime.waitUntil(ends.promise);
  const drained = lifetime.drain({ deadline: 1_000 });
  ends.resolve();
  await time.tickAsync(1);
  assertEquals(await drained, { completed: 1, canceled: 0, pending: 0 });
  assertEquals(closing.aborted, false);
  lifetime.waitUntil(new Promise(() => {}));
  const cut = lifetime.drain({ deadline: 1_000 });
  await time.tickAsync(1_000);
  assertEquals(await cut, { completed: 0, canceled: 1, pending: 1 });
  assertEquals(closing.aborted, true);
});

Deno.test("drain() with a deadline that has passed cancels at once", async () => {
  using time = new FakeTime();
  const lifetime = new ProcessLifetime();
  lifetime.waitUntil(new Promise(() => {}));
  const drained = lifetime.drain({ deadline: -5 });
  await time.tickAsync(0);
  assertEquals(await drained, { completed: 0, canceled: 1, pending: 1 });
});

Deno.test("drain() counts foreign work that does not end as pending", async () => {
  using time = new FakeTime();
  const lifetime = new ProcessLifetime();
  const foreign = Promise.withResolvers<void>();
  lifetime.waitUntil(foreign.promise);
  const drained = lifetime.drain({ deadline: 100, margin: 0 });
  await time.tickAsync(100);
  assertEquals(await drained, { completed: 0, canceled: 1, pending: 1 });
  foreign.resolve();
});

Deno.test("drain() refuses a missing deadline and a bad margin", async () => {
  const lifetime = new ProcessLifetime();
  await assertRejects(() => lifetime.drain({} as never), TypeError, "undefined");
  await assertRejects(() => lifetime.drain({ deadline: NaN }), RangeError, "NaN");
  await assertRejects(() => lifetime.drain({ deadline: 5, margin: -1 }), RangeError, "-1");
  await assertRejects(() => lifetime.drain({ deadline: 5, grace: 5 } as never), TypeError, "grace");
});

Deno.test("waitUntil() reports foreign work that fails, and refuses what is no promise", async () => {
  using log = stub(console, "error", () => {});
  const lifetime = new ProcessLifetime();
  const boom = new Error("boom");
  lifetime.waitUntil(Promise.reject(boom));
  await lifetime.drain({ deadline: 1_000 });
  assertEquals(log.calls.map(({ args }) => args[1]), [boom]);
  assertThrows(() => lifetime.waitUntil(5 as never), TypeError, "5");
});

Deno.test("tree() lists detached tasks, cancel() ends them", async () => {
  const lifetime = new ProcessLifetime();
  await using scope = new TaskScope({ lifetime, name: "page" });
  const task = scope.spawnDetached((task) => task.sleep(60_000), { deadline: { minutes: 1 }, name: "audit" });
  assertEquals(lifetime.tree().map(({ path, detached }) => [path, detached]), [["page/audit", true]]);
  lifetime.cancel("enough");
  const outcome = await task.outcome;
  assertEquals([outcome.state, lifetime.tree().length], ["canceled", 0]);
});

Deno.test("defaultLifetime() is the process on Deno, Bun and Node, and nothing elsewhere", () => {
  const nowhere = { Deno: undefined, Bun: undefined, process: undefined, navigator: undefined };
  assertEquals(withGlobals(nowhere, defaultLifetime), undefined);
  assertEquals(withGlobals({ ...nowhere, Bun: {} }, defaultLifetime), processRegistry());
  assertEquals(withGlobals({ ...nowhere, Deno: {} }, defaultLifetime), processRegistry());
  assertEquals(withGlobals({ ...nowhere, process: {} }, defaultLifetime), undefined);
  assertEquals(
    withGlobals({ ...nowhere, process: { versions: { node: "22.0.0" } } }, defaultLifetime),
    processRegistry(),
  );
  assertEquals(withGlobals({ EdgeRuntime: "edge-runtime" }, defaultLifetime), undefined);
  assertEquals(withGlobals({ navigator: { userAgent: "Cloudflare-Workers" } }, defaultLifetime), undefined);
});

Deno.test("assertLifetime() names what is no lifetime", () => {
  for (const value of [null, undefined, {}, { waitUntil: 5 }, "ctx"]) {
    assertThrows(() => assertLifetime(value, "Cannot"), TypeError, "Cannot: lifetime needs a waitUntil function");
  }
});
