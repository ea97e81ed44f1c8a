/** What happens again and again keeps nothing: queues, chains, reads. */
import { assert, assertEquals, assertStrictEquals, FakeLifetime, test } from "../assert.ts";
import { contextKey, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";

export const cases: Case[] = [
  test("G13: a queue that is never empty keeps no task that has ended", async () => {
    const scope = new TaskScope({ concurrency: 1 });
    const gate = Promise.withResolvers<void>();
    scope.spawn(() => gate.promise);
    for (let i = 0; i < 2_000; i++) {
      const task = scope.spawn(() => {});
      task.cancel();
      await task.outcome;
    }
    const last = scope.spawn(() => "last");
    assertEquals([scope.counters.queued, scope.counters.canceled], [1, 2_000]);
    gate.resolve();
    assertEquals(await last, "last");
    await scope.join();
  }),

  test("G13: a chain of detached tasks keeps one value a key", async () => {
    const [Hop, Trace] = [contextKey<number>("hop"), contextKey<string>("trace")];
    const lifetime = new FakeLifetime();
    const scope = new TaskScope({ lifetime, context: [Trace.with("abc"), Hop.with(0)] });
    let ends: TaskScope | undefined;
    const hop = (left: number) => (task: TaskScope): void => {
      if (left === 0) ends = task;
      else task.spawnDetached(hop(left - 1), { deadline: { hours: 1 }, context: [Hop.with(left)] });
    };
    scope.spawnDetached(hop(20_000), { deadline: { hours: 1 } });
    for (let at = 0; at < lifetime.held.length; at++) await lifetime.held[at];
    // Keys nobody bound are looked for in all of them.
    const started = Date.now();
    for (let i = 0; i < 2_000; i++) ends?.get(contextKey("nobody"));
    assert(Date.now() - started < 5_000, "values that nobody can read are kept");
    assertEquals([ends?.get(Hop), ends?.get(Trace)], [1, "abc"]);
    await scope.close();
  }),

  test("G13: reading the outcome of a pending task again and again makes one promise", async () => {
    await TaskScope.run(async (scope) => {
      const task = scope.spawn(() => 1);
      assertStrictEquals(task.outcome, task.outcome);
      await task.outcome;
      assertStrictEquals(task.outcome, task.outcome);
    });
  }),
];
