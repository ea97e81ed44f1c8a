/** Timers of invocations: they stop with them, freeze with them, and are the test's own otherwise. */
import { assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { SimulatedHost } from "@taskscope/taskscope/testing";
import { tick } from "./fake_time.ts";

Deno.test("timers: FakeTime may come after the host, and may go before it", async () => {
  using host = new SimulatedHost("cloudflare");
  let fired = 0;
  {
    using time = new FakeTime();
    const call = host.fetch(() => {
      setTimeout(() => fired++, 10);
      return new Response();
    });
    await call.ended;
    await tick(time, 100);
    setTimeout(() => fired += 10, 10); // the test's own
    await tick(time, 100);
  }
  await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals(fired, 10);
});

Deno.test("timers: an interval stands still while its invocation is frozen, and can be cleared after a thaw", async () => {
  using time = new FakeTime();
  using host = new SimulatedHost("lambda");
  let fired = 0;
  let stop = () => {};
  await host.invoke(() => {
    const interval = setInterval(() => fired++, 10);
    stop = () => clearInterval(interval);
  }).ended;
  await tick(time, 100);
  assertEquals(fired, 0);
  const second = host.invoke(() => new Promise((resolve) => setTimeout(resolve, 25)));
  await tick(time, 50);
  await second.ended;
  assertEquals(fired, 2);
  stop();
  host.invoke(() => new Promise((resolve) => setTimeout(resolve, 25)));
  await tick(time, 50);
  assertEquals(fired, 2);
});

Deno.test("timers: one that is cleared never fires, nor one that is made when its invocation has ended", async () => {
  using time = new FakeTime();
  using host = new SimulatedHost("cloudflare");
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const log: string[] = [];
  const call = host.fetch(async () => {
    clearTimeout(setTimeout(() => log.push("cleared"), 10));
    void gate.then(() => {
      log.push("after the end"); // JavaScript goes on
      setTimeout(() => log.push("timer after the end"), 10);
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    return new Response();
  });
  await tick(time, 100);
  await call.ended;
  open();
  await tick(time, 100);
  assertEquals(log, ["after the end"]);
});

Deno.test("timers: fake ones that put back what they found may do so before the host is closed, and after", async () => {
  const native = globalThis.setTimeout;
  const works = () => new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 1));
  for (const isOpen of [true, false]) {
    const host = new SimulatedHost("cloudflare");
    const found = globalThis.setTimeout; // as vitest's do
    globalThis.setTimeout = (() => 0) as unknown as typeof setTimeout;
    if (isOpen) globalThis.setTimeout = found;
    assertEquals(await Promise.race([works(), Promise.resolve().then(() => "pending")]), "pending");
    if (isOpen) assertEquals(await works(), true);
    host.close();
    if (!isOpen) globalThis.setTimeout = found;
    assertEquals(await works(), true);
    globalThis.setTimeout = native;
  }
});
