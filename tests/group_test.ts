import { assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { hedge, TaskScope } from "@taskscope/taskscope";

Deno.test("hedge: an attempt that fails takes the wait for the next one with it", async () => {
  using time = new FakeTime();
  const started: number[] = [];
  const value = TaskScope.run((scope) =>
    hedge(scope, async (task) => {
      started.push(time.now - time.start);
      if (started.length === 1) {
        await task.sleep(10);
        throw new Error("the first one");
      }
      await task.sleep(1_000);
      return "answer";
    }, { delay: 100, attempts: 3 })
  );
  await time.runMicrotasks();
  await time.nextAsync(); // the first attempt fails, the second starts
  await time.nextAsync(); // not the end of the first wait, which is over
  await time.runMicrotasks();
  assertEquals([started, time.now - time.start], [[0, 10, 110], 110]);
  await time.tickAsync(1_000);
  assertEquals(await value, "answer");
});
