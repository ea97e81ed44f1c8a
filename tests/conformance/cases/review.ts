/** What a review found: each was a bug. */
import { CancelReason, TaskScope } from "@taskscope/taskscope";
import { assert, assertEquals, assertFalse, rejection, test, ticks, turn } from "../assert.ts";
import type { Case } from "../case.ts";

export const cases: Case[] = [
  test("G6: a cleanup cut by the cancellation is no failure, and the siblings go on", async (watch) => {
    const values = await TaskScope.run(async (scope) => {
      const canceled = watch(scope).spawn(async (task) => {
        task.defer(() => task.abortable(new Promise(() => {})));
        await task.sleep(60_000);
      });
      const other = scope.spawn(async (task) => {
        await task.sleep(2);
        return "other";
      });
      await ticks();
      canceled.cancel();
      return [(await canceled.outcome).state, await other];
    });
    assertEquals(values, ["canceled", "other"]);
  }),

  test("G4: a failure climbs 10 000 awaiting scopes as itself, in linear time", async () => {
    const boom = new Error("boom");
    let depth = 0;
    const dive = async (scope: TaskScope): Promise<void> => {
      if (++depth === 10_000) throw boom;
      await scope.spawn(dive, { name: "d" });
    };
    assertEquals(await rejection(TaskScope.run(dive)), boom);
  }),

  test("G2: a task canceled by onStart never runs", async () => {
    let ran = false;
    const scope = new TaskScope({ observer: { onStart: () => scope.cancel() } });
    const task = scope.spawn(() => void (ran = true));
    assertEquals((await task.outcome).state, "canceled");
    assertFalse(ran);
    await scope.close();
  }),

  test("G1: a cancel from onSettle does not abort the signal of the task that ended well", async () => {
    let signal: AbortSignal | undefined;
    const scope = new TaskScope({ observer: { onSettle: () => scope.cancel() } });
    const task = scope.spawn((own) => void (signal = own.signal));
    await task;
    assertFalse(signal?.aborted);
    await scope.close();
  }),

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

  test("G9: a nest of stuck tasks is abandoned in two turns, however deep", async () => {
    const gate = Promise.withResolvers<void>();
    let depth = 0;
    const dive = (scope: TaskScope): Promise<void> => {
      if (++depth < 300) scope.spawn(dive, { name: "d" });
      return gate.promise;
    };
    const scope = new TaskScope({ grace: 1 });
    scope.spawn(dive);
    while (depth < 300) await turn();
    const started = Date.now();
    assert(await rejection(scope.close()) instanceof Error);
    assert(Date.now() - started < 2_000, "one level a turn would take longer");
    gate.resolve();
  }),

  test("closing: an idle canceled scope sets no timer", () => {
    const scope = new TaskScope();
    scope.cancel(new CancelReason("canceled", "scope", "enough"));
    assertEquals(scope.state, "canceling"); // and Deno's sanitizer sees no timer
  }),
];
