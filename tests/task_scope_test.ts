import { assertEquals, assertRejects } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { DeadlineExceededError, retry, TaskScope } from "@taskscope/taskscope";

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
