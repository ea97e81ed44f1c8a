import { assertEquals, assertThrows } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { any, hedge, map, race, retry, TaskScope } from "@taskscope/taskscope";

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

Deno.test("what runs over a scope says so if the scope was forgotten, or is something else", () => {
  const fn = () => 1;
  const calls: [call: () => unknown, message: string][] = [
    [() => map([1, 2] as never, fn as never, { concurrency: 2 } as never), "Cannot map: a scope comes first, got "],
    [() => map({} as never, [1], fn), "Cannot map: a scope comes first, got {  }"],
    [() => retry(fn as never, { maxAttempts: 3 } as never), "Cannot retry: a scope comes first, got the function fn"],
    [() => retry(undefined as never, fn), "Cannot retry: a scope comes first, got undefined"],
    [() => hedge(fn as never, { delay: 5 } as never, undefined as never), "Cannot hedge: a scope comes first"],
    [() => race([fn] as never, undefined as never), "Cannot race: a scope comes first"],
    [() => any(new AbortController().signal as never, [fn]), "Cannot wait for any: a scope comes first"],
  ];
  for (const [call, message] of calls) assertThrows(call, TypeError, message);
});
