/** No error is told twice. */
import {
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  consoleErrors,
  Recorder,
  rejection,
  test,
  turn,
} from "../assert.ts";
import { ScopeError, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";

const boom = new Error("boom");

export const cases: Case[] = [
  test("G5: a failure that surfaces is not reported by abortable as well", async () => {
    const observer = new Recorder();
    const lines = await consoleErrors(async () => {
      for (const options of [{ observer }, {}]) {
        const error = await rejection(TaskScope.run(async (scope) => {
          await scope.abortable(scope.spawn(() => Promise.reject(boom)));
        }, options));
        assertStrictEquals(error, boom);
        await turn();
      }
    });
    assertEquals([lines, observer.errors], [[], []]);
  }),

  test("G5: aggregate with a join in the body counts a failure once", async () => {
    const observer = new Recorder();
    const error = await rejection(TaskScope.run(async (scope) => {
      scope.spawn(() => Promise.reject(boom));
      await scope.join();
    }, { errors: "aggregate", observer }));
    assertInstanceOf(error, ScopeError);
    assertEquals([error.errors, observer.errors], [[boom], []]);
  }),

  test("G5: an error wrapped by the function, or read by whoever awaits, is not printed as well", async () => {
    const lines = await consoleErrors(async () => {
      await rejection(TaskScope.run(async (scope) => {
        const task = scope.spawn(() => Promise.reject(boom));
        throw new Error("wrapped", { cause: await rejection(task) });
      }));
      await rejection(
        TaskScope.run((scope) =>
          Promise.all([scope.spawn(() => Promise.reject(boom)), scope.spawn(() => Promise.reject(new Error("two")))])
        ),
      );
    });
    assertEquals(lines, []);
  }),
];
