import { any, asCompleted, CancelReason, contextKey, hedge, map, race, retry, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertStrictEquals,
  isSettled,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";

export const cases: Case[] = [
  test("asCompleted: each task once, in the order of their ends, with its outcome", async (watch) => {
    const boom = new Error("boom");
    const seen: string[] = [];
    await TaskScope.run(async (scope) => {
      const tasks = [
        watch(scope).spawn(() => ticks(60).then(() => 1), { name: "last" }),
        scope.spawn(() =>
          ticks(30).then((): number => {
            throw boom;
          }), { name: "failed" }),
        scope.spawn(() => 3, { name: "first" }),
      ];
      for await (const { task, outcome } of asCompleted(tasks)) seen.push(`${task.name} ${outcome.state}`);
    }, { policy: "supervise", observer: { onError() {} } });
    assertEquals(seen, ["first succeeded", "failed failed", "last succeeded"]);
  }),

  test("asCompleted: of ended tasks, of none, and left early", async (watch) => {
    await TaskScope.run(async (scope) => {
      const tasks = [watch(scope).spawn(() => 1), scope.spawn(() => 2)];
      await Promise.all(tasks);
      const values: number[] = [];
      for await (const { outcome } of asCompleted(tasks)) {
        if (outcome.state === "succeeded") values.push(outcome.value);
      }
      assertEquals(values.toSorted(), [1, 2]);
      for await (const _ of asCompleted([])) assert(false);
      for await (const { task } of asCompleted([...tasks, scope.spawn(() => ticks(99).then(() => 3))])) {
        assert(tasks.includes(task));
        break;
      }
    });
  }),

  test("asCompleted: reading a failure does not take it from the scope (G4)", async (watch) => {
    const boom = new Error("boom");
    const error = await rejection(TaskScope.run(async (scope) => {
      for await (const { outcome } of asCompleted([watch(scope).spawn(() => Promise.reject(boom))])) {
        assertEquals(outcome, { state: "failed", error: boom });
      }
    }));
    assertStrictEquals(error, boom);
  }),

  test("G3: a combinator's functions get the values, the signal and the deadline of the scope", async (watch) => {
    const Key = contextKey<string>("key");
    await TaskScope.run(async (scope) => {
      const at = watch(scope).deadline?.getTime();
      const look = (task: TaskScope) => {
        assertEquals([task.get(Key), task.deadline?.getTime(), task.signal.aborted], ["abc", at, false]);
        return 1;
      };
      await race(scope, [look]);
      await any(scope, [look]);
      await map(scope, [1], (_, task) => look(task));
      await retry(scope, look);
      await hedge(scope, look, { delay: 10 });
    }, { context: [Key.with("abc")], deadline: 10_000 });
  }),

  test("G11: combinators do not deadlock in a scope whose places are taken", async (watch) => {
    const gate = Promise.withResolvers<void>();
    await TaskScope.run(async (scope) => {
      watch(scope).spawn(() => gate.promise);
      assertEquals(await race(scope, [() => 1, () => 2]), 1);
      assertEquals(await map(scope, [1, 2], (i) => i), [1, 2]);
      assertEquals(await scope.shield(() => "shield", { deadline: 1_000 }), "shield");
      gate.resolve();
    }, { concurrency: 1 });
  }),

  test("G7: the losers of a race share one reason, of kind canceled", async (watch) => {
    const reasons = new Set<unknown>();
    const lose = async (task: TaskScope) => {
      const reason = await rejection(task.sleep(60_000));
      reasons.add(reason);
      throw reason;
    };
    await TaskScope.run((scope) => race(watch(scope), [lose, lose, () => ticks()]));
    assertEquals(reasons.size, 1);
    const [reason] = reasons;
    assertInstanceOf(reason, CancelReason);
    assertEquals(reason.kind, "canceled");
  }),

  test("G13: combinators leave no unhandled rejection", async (watch) => {
    await rejection(TaskScope.run(async (scope) => {
      void race(watch(scope), [() => Promise.reject(new Error("a")), (task) => task.sleep(60_000)]);
      void map(scope, [1, 2], () => Promise.reject(new Error("b")));
      void hedge(scope, () => Promise.reject(new Error("c")), { delay: 1 });
      await rejection(scope.sleep(60_000));
    }));
    await turn();
    assertFalse(await isSettled(new Promise(() => {})));
  }),
];
