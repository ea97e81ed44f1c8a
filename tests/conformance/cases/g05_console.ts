/** What goes to the console where there is no observer, and what comes too late. */
import { assert, assertEquals, consoleErrors, FakeLifetime, Recorder, rejection, test, ticks } from "../assert.ts";
import { TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";

const boom = new Error("boom");

export const cases: Case[] = [
  test("G5: without an observer, a late error behind abortable goes to the console", async () => {
    const late = Promise.withResolvers<void>();
    const boom = new Error("boom");
    const lines = await consoleErrors(async () => {
      await rejection(TaskScope.run((scope) => {
        queueMicrotask(() => scope.cancel());
        return scope.abortable(late.promise);
      }));
      late.reject(boom);
      await ticks();
    });
    assertEquals(lines.map((line) => line.includes(boom)), [true]);
  }),

  test("G5: a cleanup that fails after grace is told as after-abandon, and kept", async () => {
    const late = Promise.withResolvers<void>();
    const boom = new Error("boom");
    const observer = new Recorder();
    const scope = new TaskScope({ grace: 1, observer });
    scope.defer(() => late.promise);
    assert(await rejection(scope.close()) instanceof Error);
    late.reject(boom);
    await ticks();
    assertEquals(observer.errors.map(({ error, phase }) => [error, phase]), [[boom, "after-abandon"]]);
    assertEquals(scope.suppressed, [boom]);
  }),

  test("G5: without an observer, the error of a cleanup after a failure goes to the console", async () => {
    const lifetime = new FakeLifetime();
    const unlock = new Error("unlock failed");
    const scope = new TaskScope({ lifetime });
    const lines = await consoleErrors(async () => {
      scope.spawnDetached((task) => {
        task.defer(() => {
          throw unlock;
        });
        throw boom;
      }, { deadline: 1_000 });
      await lifetime.ended();
    });
    assertEquals(lines.map((line) => line.at(-1)), [unlock, boom]);
    await scope.close();
  }),
];
