import { hedge, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertInstanceOf,
  assertLess,
  rejection,
  test,
  turn,
} from "../assert.ts";
import { canceled, slow } from "../losers.ts";

export const cases: Case[] = [
  test("hedge: a fast attempt is the only one", async (watch) => {
    let attempts = 0;
    const value = await TaskScope.run((scope) => hedge(watch(scope), () => ++attempts, { delay: 20 }));
    await turn();
    assertEquals([value, attempts], [1, 1]);
  }),

  test("hedge: a slow attempt gets another beside it, the first success wins, the loser is awaited", async (watch) => {
    const log: string[] = [];
    let attempts = 0;
    const value = await TaskScope.run(async (scope) => {
      const start = Date.now();
      const value = await hedge(watch(scope), (task) => {
        if (++attempts === 1) return slow(log)(task);
        assertGreaterOrEqual(Date.now() - start, 8);
        return "second";
      }, { delay: 8 });
      log.push("hedge over");
      return value;
    });
    assertEquals([value, attempts, log], ["second", 2, ["loser cleaned up", "hedge over"]]);
  }),

  test("hedge: the first attempt may still win", async (watch) => {
    const gate = Promise.withResolvers<string>();
    let attempts = 0;
    const value = await TaskScope.run((scope) =>
      hedge(watch(scope), (task) => {
        if (++attempts === 1) return gate.promise;
        gate.resolve("first");
        return task.sleep(60_000).then(() => "second");
      }, { delay: 2 })
    );
    assertEquals([value, attempts], ["first", 2]);
  }),

  test("hedge: an attempt that fails is replaced at once", async (watch) => {
    let attempts = 0;
    const start = Date.now();
    const value = await TaskScope.run((scope) =>
      hedge(watch(scope), () => ++attempts === 1 ? Promise.reject(new Error("down")) : "up", { delay: 60_000 })
    );
    assertEquals([value, attempts], ["up", 2]);
    assertLess(Date.now() - start, 30_000);
  }),

  test("hedge: all fail: an AggregateError in the order of the starts", async (watch) => {
    const errors = [new Error("a"), new Error("b"), new Error("c")];
    let attempts = 0;
    await TaskScope.run(async (scope) => {
      const error = await rejection(
        hedge(watch(scope), () => {
          const error = errors[attempts++];
          return turn(12 - 4 * attempts).then(() => Promise.reject(error));
        }, { delay: 1, attempts: 3 }),
      );
      assertInstanceOf(error, AggregateError);
      assertEquals([error.errors, attempts, scope.state], [errors, 3, "open"]);
    });
  }),

  test("hedge: no more attempts than allowed", async (watch) => {
    let attempts = 0;
    const last = Promise.withResolvers<void>();
    await TaskScope.run(async (scope) => {
      const hedged = hedge(watch(scope), () => {
        if (++attempts === 3) last.resolve();
        return last.promise.then(() => turn(20)).then(() => "slow"); // time for one more
      }, { delay: 1, attempts: 3 });
      assertEquals(await hedged, "slow");
    });
    assertEquals(attempts, 3);
  }),

  test("hedge: cancellation from outside reaches every attempt", async (watch) => {
    const log: string[] = [];
    let attempts = 0;
    await canceled(watch, (scope) => hedge(scope, slow(log, `attempt ${++attempts}`), { delay: 0, attempts: 3 }));
    assert(log.length >= 1);
  }),

  test("hedge: attempts cost nothing until they start", async () => {
    const value = await TaskScope.run((scope) =>
      hedge(scope, () => "at once", { delay: 60_000, attempts: Number.MAX_SAFE_INTEGER })
    );
    assertEquals(value, "at once");
  }),
];
