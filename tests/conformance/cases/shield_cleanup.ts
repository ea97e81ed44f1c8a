import { contextKey, DeadlineExceededError, ScopeClosedError, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
  Recorder,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";

const deadline = 10_000;

const Key = contextKey<string>("key");

export const cases: Case[] = [
  test("G9: a shield may be opened in a canceling scope", async (watch) => {
    const value = await TaskScope.run((scope) => {
      watch(scope).cancel();
      return scope.shield(async ({ signal }) => {
        await ticks();
        return signal.aborted;
      }, { deadline });
    });
    assertEquals(value, false);
  }),

  test("G9: a shield may be opened by cleanup, and the scope waits for it", async (watch) => {
    const order: string[] = [];
    await rejection(TaskScope.run((scope) => {
      watch(scope).defer(() =>
        scope.shield(async (own) => {
          await own.sleep(1);
          order.push("rolled back");
        }, { deadline })
      );
      scope.cancel();
      return scope.sleep(1);
    }));
    order.push("over");
    assertEquals(order, ["rolled back", "over"]);
  }),

  test("G9: a shield opened by cleanup outlasts grace, too", async (watch) => {
    const recorder = new Recorder();
    const reason = new Error("enough");
    let opened: TaskScope | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      opened = watch(scope);
      scope.defer(() => scope.shield(() => turn(25), { deadline }));
      scope.cancel(reason);
      return scope.sleep(1);
    }, { grace: 5, observer: recorder }));
    assertStrictEquals(error, reason);
    assertEquals([opened?.suppressed, recorder.errors], [[], []]);
  }),

  test("G9: a shield in a closed scope is refused", async (watch) => {
    const scope = watch(new TaskScope());
    await scope.close();
    assertThrows(() => scope.shield(() => 1, { deadline }), ScopeClosedError);
  }),

  test("shield: a shield without a deadline is a TypeError at the call, fn is not called", async (watch) => {
    let ran = false;
    await TaskScope.run(async (scope) => {
      const shield = watch(scope).shield.bind(scope) as (fn: () => void, options?: unknown) => unknown;
      for (const options of [undefined, null, {}, { deadline: undefined }, { name: "x" }]) {
        assertThrows(() => shield(() => void (ran = true), options), TypeError);
      }
      assertThrows(() => shield(() => void (ran = true), { deadline: NaN }), RangeError);
      await ticks();
      assertEquals([ran, scope.counters.spawned], [false, 0]);
    });
  }),

  test("G8: a shield with a deadline in the past rejects, fn is not called", async (watch) => {
    let ran = false;
    await TaskScope.run(async (scope) => {
      const error = await rejection(watch(scope).shield(() => void (ran = true), { deadline: 0 }));
      assertInstanceOf(error, DeadlineExceededError);
      assertFalse(scope.signal.aborted);
    });
    assertFalse(ran);
  }),

  test("G3: a shield keeps the values of its scope", async (watch) => {
    const values = await TaskScope.run(async (scope) => [
      await watch(scope).shield((own) => own.get(Key), { deadline }),
      await scope.shield((own) => own.get(Key), { deadline, context: [Key.with("own")] }),
    ], { context: [Key.with("page")] });
    assertEquals(values, ["page", "own"]);
  }),

  test("G9: close waits for a shield, although grace is over", async (watch) => {
    const scope = watch(new TaskScope({ grace: 5 }));
    let written = false;
    void scope.shield(async () => {
      await turn(20);
      written = true;
    }, { deadline });
    await ticks();
    await scope.close();
    assert(written);
  }),

  test("G9: tree shows a shield as one", async (watch) => {
    const gate = Promise.withResolvers<void>();
    await TaskScope.run(async (scope) => {
      const shielded = watch(scope).shield(() => gate.promise, { deadline, name: "write" });
      scope.cancel();
      const [child] = scope.tree().children;
      assertEquals([child?.name, child?.shield, child?.reason], ["write", true, undefined]);
      gate.resolve();
      await shielded;
    });
  }),
];
