import { DeadlineExceededError, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assertEquals,
  assertFalse,
  assertGreaterOrEqual,
  assertInstanceOf,
  assertStrictEquals,
  FakeLifetime,
  rejection,
  test,
  turn,
} from "../assert.ts";

const LONG = 2 ** 31 + 1_000;

export const cases: Case[] = [
  test("G8: deadlines above 2^31-1 ms do not fire at once", async (watch) => {
    const lifetime = new FakeLifetime();
    await TaskScope.run(async (scope) => {
      const { signal } = watch(scope);
      const task = scope.spawn(async (own) => {
        await turn(10);
        return own.signal.aborted;
      }, { deadline: { hours: 24 * 365 } });
      const shield = scope.shield(async (own) => {
        await turn(10);
        return own.signal.aborted;
      }, { deadline: 2 ** 32 });
      const detached = scope.spawnDetached(async (own) => {
        await turn(10);
        return own.signal.aborted;
      }, { deadline: LONG });
      assertEquals([await task, await shield, await detached, signal.aborted], [false, false, false, false]);
    }, { deadline: LONG, lifetime });
    await lifetime.ended();
  }),

  test("G8: sleep and timeoutSignal above 2^31-1 ms do not fire at once", async (watch) => {
    const error = await rejection(TaskScope.run(async (scope) => {
      const composed = [watch(scope).timeoutSignal(LONG), scope.timeoutSignal(2 ** 32), scope.timeoutSignal(2 ** 53)];
      let slept = false;
      const sleep = scope.sleep(LONG).then(() => void (slept = true));
      await turn(10);
      assertEquals([slept, ...composed.map(({ aborted }) => aborted)], [false, false, false, false]);
      const reason = new Error("enough");
      scope.cancel(reason);
      for (const signal of composed) assertStrictEquals(signal.reason, reason);
      await sleep;
    }));
    assertEquals((error as Error).message, "enough");
  }),

  test("G8: timeoutSignal is the scope's signal or the time, whichever is first", async (watch) => {
    await TaskScope.run(async (scope) => {
      const signal = watch(scope).timeoutSignal(5);
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      assertEquals(signal.reason.name, "TimeoutError");
      assertFalse(scope.signal.aborted);
      assertFalse(scope.timeoutSignal(1_000).aborted);
    });
    const reason = new Error("enough");
    await rejection(TaskScope.run((scope) => {
      const before = watch(scope).timeoutSignal(1_000);
      scope.cancel(reason);
      assertStrictEquals(before.reason, reason);
      assertStrictEquals(scope.timeoutSignal(1_000).reason, reason);
      return scope.sleep(1);
    }));
  }),

  test("G8: sleep and abortable end with the reason of the deadline", async (watch) => {
    const reasons: unknown[] = [];
    const error = await rejection(TaskScope.run(async (scope) => {
      const waits = [watch(scope).sleep(60_000), scope.abortable(new Promise(() => {}))];
      for (const wait of waits) reasons.push(await rejection(wait));
      throw reasons[0];
    }, { deadline: 5 }));
    assertInstanceOf(error, DeadlineExceededError);
    assertEquals(new Set(reasons), new Set([error]));
  }),

  test("G8: sleep resolves after its time, not before", async (watch) => {
    await TaskScope.run(async (scope) => {
      const start = Date.now();
      await watch(scope).sleep(8);
      assertGreaterOrEqual(Date.now() - start, 8);
      await scope.sleep(0);
    });
  }),

  test("G8: abortable gives the value or the error of its promise", async (watch) => {
    await TaskScope.run(async (scope) => {
      const boom = new Error("boom");
      assertEquals(await watch(scope).abortable(Promise.resolve(1)), 1);
      assertStrictEquals(await rejection(scope.abortable(Promise.reject(boom))), boom);
      assertEquals(await scope.abortable(scope.spawn(() => 2)), 2);
    });
  }),

  test("G8: abortable in a canceled scope rejects at once, and leaves no unhandled rejection", async (watch) => {
    const reason = new Error("enough");
    await rejection(TaskScope.run(async (scope) => {
      watch(scope).cancel(reason);
      const late = Promise.reject(new Error("nobody hears this"));
      assertStrictEquals(await rejection(scope.abortable(late)), reason);
      assertStrictEquals(await rejection(scope.abortable(new Promise(() => {}))), reason);
      assertStrictEquals(await rejection(scope.sleep(1)), reason);
      scope.signal.throwIfAborted();
    }));
    await turn();
  }),
];
