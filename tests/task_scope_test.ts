import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import {
  DeadlineExceededError,
  LifetimeLimitError,
  LifetimeUnavailableError,
  retry,
  TaskScope,
} from "@taskscope/taskscope";
import { withGlobals } from "./platforms/globals.ts";

Deno.test("deadline and remaining() follow the clock", async () => {
  using time = new FakeTime();
  const at = Date.now() + 2_000;
  await TaskScope.run(async (scope) => {
    assertEquals([scope.deadline?.getTime(), scope.remaining()], [at, 2_000]);
    const task = scope.spawn((own) => [own.deadline?.getTime(), own.remaining()], { deadline: { minutes: 1 } });
    time.tick(500);
    assertEquals([scope.remaining(), await task], [1_500, [at, 1_500]]);
  }, { deadline: 2_000 });
});

Deno.test("remaining() is never below zero", async () => {
  const scope = new TaskScope({ deadline: 60_000 });
  const at = (moment: number) => withGlobals({ Date: { now: () => moment } }, () => scope.remaining());
  const end = scope.deadline?.getTime() ?? 0;
  assertEquals([at(end - 1), at(end), at(end + 1), new TaskScope().remaining()], [1, 0, 0, Infinity]);
  await scope.close();
});

Deno.test("a task that ends at the very moment of its deadline is late (G8)", async () => {
  using time = new FakeTime();
  const gate = Promise.withResolvers<void>();
  const scope = new TaskScope();
  const task = scope.spawn(() => gate.promise, { deadline: 10 });
  await time.tickAsync(9);
  const now = Date.now() + 1; // before the timer of the deadline
  const { Date: Fake } = globalThis;
  globalThis.Date = Object.assign(function () {}, { now: () => now }) as never;
  gate.resolve();
  await task;
  globalThis.Date = Fake;
  assertEquals([task.state, task.late], ["succeeded", true]);
  await scope.close();
});

Deno.test("a lifetime that ends between two looks cuts its tasks to the millisecond (DESIGN 4)", async () => {
  using time = new FakeTime();
  const lifetime = { waitUntil() {}, deadline: new Date(Date.now() + 100_000) };
  const scope = new TaskScope({ lifetime, observer: { onError() {} } });
  const task = scope.spawnDetached((own) => own.sleep(600_000), { deadline: { seconds: 50 }, margin: 100 });
  task.catch(() => {});
  lifetime.deadline = new Date(Date.now() + 800);
  await time.tickAsync(500);
  await time.tickAsync(199);
  assertEquals(task.state, "running");
  await time.tickAsync(1);
  await time.runMicrotasks();
  assertEquals(task.state, "canceled");
  await scope.close();
});

Deno.test("where nothing is left of a lifetime, a clamped task is refused (DESIGN 4)", async () => {
  using _ = new FakeTime();
  const lifetime = { waitUntil() {}, deadline: new Date(Date.now() + 1_000) };
  const scope = new TaskScope({ lifetime });
  const options = { deadline: 5_000, onExceed: "clamp" } as const;
  assertThrows(() => scope.spawnDetached(() => {}, options), LifetimeLimitError, "leaves 0 ms");
  await scope.close();
});

Deno.test("where nothing keeps a detached task alive, it is refused (DESIGN 4)", async () => {
  const scope = new TaskScope();
  const nowhere = { Deno: undefined, Bun: undefined, process: undefined };
  const spawn = () => withGlobals(nowhere, () => scope.spawnDetached(() => {}, { deadline: 5_000 }));
  assertThrows(spawn, LifetimeUnavailableError, "nothing keeps it alive here, give the scope a lifetime");
  await scope.close();
});

Deno.test("a deadline expires to the millisecond, and names its scope (G8)", async () => {
  using time = new FakeTime();
  const ran = TaskScope.run((scope) => scope.sleep(60_000), { deadline: 2_000, name: "page" });
  const rejected = assertRejects(() => ran, DeadlineExceededError, '"page"');
  await time.tickAsync(1_999);
  await time.tickAsync(1);
  await rejected;
  assertEquals(time.next(), false); // no timer is left
});

Deno.test("a lifetime's deadline that moves reaches a running task, a margin before", async () => {
  using time = new FakeTime();
  const start = Date.now();
  const lifetime = { waitUntil() {}, deadline: undefined as Date | undefined };
  const scope = new TaskScope({ lifetime });
  const task = scope.spawnDetached((own) => own.sleep(600_000), { deadline: { minutes: 10 } });
  const outcome = task.outcome;
  await time.tickAsync(5_000);
  lifetime.deadline = new Date(start + 30_000); // the client left: 30 s from now
  await time.tickAsync(23_999);
  assertEquals(task.state, "running");
  await time.tickAsync(1);
  const { state, kind } = await outcome as { state: string; kind: string };
  assertEquals([state, kind, Date.now() - start], ["canceled", "lifetime", 29_000]);
  await scope.close();
});

Deno.test("retry() waits longer each time, at most maxTimeout", async () => {
  using time = new FakeTime();
  const start = Date.now();
  const at: number[] = [];
  const ran = TaskScope.run((scope) =>
    retry(scope, () => {
      at.push(Date.now() - start);
      if (at.length < 5) throw new Error("busy");
    }, { minTimeout: 100, maxTimeout: 300, jitter: 0 })
  );
  for (let i = 0; i < 100; i++) await time.tickAsync(10);
  await ran;
  assertEquals(at, [0, 100, 300, 600, 900]);
});

Deno.test("run() calls its function synchronously", async () => {
  let called = false;
  const ran = TaskScope.run(() => void (called = true));
  assertEquals(called, true);
  await ran;
});
