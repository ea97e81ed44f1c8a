/** Errors of attempts that were canceled or came second. */
import { assertEquals, assertStrictEquals, Recorder, rejection, test, ticks, turn } from "../assert.ts";
import { any, hedge, race, type TaskFunction, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";

const boom = new Error("boom");

/** Fails with an error of its own when it is canceled, a little later. */
const failing: TaskFunction<void> = async (task) => {
  await rejection(task.sleep(60_000));
  await turn(1);
  throw boom;
};
const waiting: TaskFunction<void> = (task) => task.sleep(60_000);

export const cases: Case[] = [
  test("G5: what an attempt throws on its way out surfaces from a canceled race, any and hedge", async () => {
    const calls: ((scope: TaskScope) => Promise<unknown>)[] = [
      (scope) => race(scope, [waiting, failing]),
      (scope) => any(scope, [waiting, failing]),
      (scope) => hedge(scope, failing, { delay: 60_000 }),
    ];
    for (const call of calls) {
      const observer = new Recorder();
      const error = await rejection(TaskScope.run(async (scope) => {
        const result = call(scope);
        result.catch(() => {});
        await ticks();
        scope.cancel("left");
        await result;
      }, { observer }));
      assertStrictEquals(error, boom);
      assertEquals(observer.errors, []);
    }
  }),

  test("G5: a loser of a race that fails in the winner's turn is reported", async () => {
    const observer = new Recorder();
    const value = await TaskScope.run(
      (scope) =>
        race(scope, [() => 1, (): number => {
          throw boom;
        }]),
      { observer },
    );
    assertEquals([value, observer.errors.map(({ error }) => error)], [1, [boom]]);
  }),
];
