import { AbandonedTasksError, any, DeadlineExceededError, race, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  Recorder,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";
import { canceled, slow } from "../losers.ts";

export const cases: Case[] = [
  test("race: the first to end wins; the losers are canceled and awaited", async (watch) => {
    const log: string[] = [];
    const value = await TaskScope.run(async (scope) => {
      const value = await race(watch(scope), [slow(log, "a"), () => "fast", slow(log, "b")]);
      log.push("race over");
      assertEquals(scope.state, "open");
      return value;
    });
    assertEquals(value, "fast");
    assertEquals(log.toSorted(), ["a cleaned up", "b cleaned up", "race over"]);
    assertEquals(log[2], "race over");
  }),

  test("race: the first to end decides also when it fails, by identity", async (watch) => {
    const boom = new Error("boom");
    const log: string[] = [];
    await TaskScope.run(async (scope) => {
      const error = await rejection(race(watch(scope), [slow(log), () => Promise.reject(boom)]));
      assertStrictEquals(error, boom);
      assertEquals([log, scope.state], [["loser cleaned up"], "open"]); // the failure was the caller's
    });
  }),

  test("race: a failure nobody awaits is a failure of the scope", async (watch) => {
    const boom = new Error("boom");
    const error = await rejection(TaskScope.run((scope) => {
      void race(watch(scope), [() => Promise.reject(boom)]);
    }));
    assertStrictEquals(error, boom);
  }),

  test("race: a loser that ignores its cancellation is abandoned after grace", async (watch) => {
    const stuck = Promise.withResolvers<string>();
    const recorder = new Recorder();
    await TaskScope.run(async (scope) => {
      await race(watch(scope), [() => stuck.promise, () => "fast"]).catch((error) =>
        assertInstanceOf(error, AbandonedTasksError)
      );
    }, { grace: 5, observer: recorder }).catch((error) => assertInstanceOf(error, AbandonedTasksError));
    assertEquals(recorder.abandoned.length, 1);
    stuck.resolve("late");
    await ticks();
  }),

  test("race: cancellation from outside reaches every one and rejects with the reason", async (watch) => {
    const log: string[] = [];
    await canceled(watch, (scope) => race(scope, [slow(log, "a"), slow(log, "b")]));
    assertEquals(log.toSorted(), ["a cleaned up", "b cleaned up"]);
  }),

  test("race: the real error of a loser is not lost (G5)", async (watch) => {
    const full = new Error("disk full");
    const recorder = new Recorder();
    const result = await TaskScope.run((scope) =>
      race(watch(scope), [async (task) => {
        await rejection(task.sleep(60_000));
        throw full;
      }, () => ticks().then(() => "fast")]), { observer: recorder }).catch((error) => error);
    assert(result === "fast" || result === full, String(result));
    if (result === "fast") assertEquals(recorder.errors.map(({ error }) => error), [full]);
  }),

  test("race: the deadline of the scope counts", async (watch) => {
    const error = await rejection(TaskScope.run(
      (scope) => race(watch(scope), [(task) => task.sleep(60_000), (task) => task.sleep(60_000)]),
      { deadline: 5 },
    ));
    assertInstanceOf(error, DeadlineExceededError);
  }),

  test("any: the first success wins, failures before it do not count; the losers are awaited", async (watch) => {
    const log: string[] = [];
    const value = await TaskScope.run(async (scope) => {
      const value = await any(watch(scope), [
        () => Promise.reject(new Error("down")),
        slow(log),
        () => ticks(80).then(() => "up"),
      ]);
      assertEquals(log, ["loser cleaned up"]);
      return value;
    });
    assertEquals(value, "up");
  }),

  test("any: an early failure cancels nobody", async (watch) => {
    const value = await TaskScope.run((scope) =>
      any(watch(scope), [() => Promise.reject(new Error("down")), async (task) => {
        await turn(5);
        return task.signal.aborted;
      }])
    );
    assertEquals(value, false);
  }),

  test("any: all fail: an AggregateError in the order of the functions", async (watch) => {
    const errors = [new Error("a"), new Error("b"), new Error("c")];
    await TaskScope.run(async (scope) => {
      const error = await rejection(
        any(watch(scope), errors.map((error, i) => () => ticks(30 - 10 * i).then(() => Promise.reject(error)))),
      );
      assertInstanceOf(error, AggregateError);
      assertEquals(error.errors, errors);
      assertEquals(scope.state, "open");
    });
  }),

  test("any: cancellation from outside rejects with the reason, not with an AggregateError", async (watch) => {
    const log: string[] = [];
    await canceled(watch, (scope) => any(scope, [slow(log, "a"), slow(log, "b")]));
  }),
];
