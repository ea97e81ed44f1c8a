import { thrown } from "../refusal.ts";
import { any, hedge, map, race, retry, ScopeCanceledError, ScopeClosedError, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
  FakeLifetime,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";

export const cases: Case[] = [
  test("G10: a closed scope refuses spawn at the call, fn is not called", async (watch) => {
    let ran = false;
    let opened: TaskScope | undefined;
    await TaskScope.run((scope) => void (opened = watch(scope)), { name: "page" });
    const error = assertThrows(() => opened?.spawn(() => void (ran = true)), ScopeClosedError);
    assertEquals([error.name, error.message.includes('"page"')], ["ScopeClosedError", true]);
    await ticks();
    assertFalse(ran);
    assertEquals(opened?.counters.spawned, 0);
  }),

  test("G10: a closed scope refuses everything that opens something", async (watch) => {
    const lifetime = new FakeLifetime();
    const scope = watch(new TaskScope({ lifetime }));
    await scope.close();
    const deadline = 1_000;
    const calls = [
      () => scope.spawn(() => 1),
      () => scope.shield(() => 1, { deadline }),
      () => scope.spawnDetached(() => 1, { deadline }),
      () => scope.defer(() => 1),
      () => scope.use({ [Symbol.dispose]() {} }),
      () => race(scope, [() => 1]),
      () => any(scope, [() => 1]),
      () => map(scope, [1], () => 1),
      () => retry(scope, () => 1),
      () => hedge(scope, () => 1, { delay: 1 }),
    ];
    for (const call of calls) assertThrows(call, ScopeClosedError);
    assertStrictEquals(scope.trySpawn(() => 1), undefined);
    assertEquals([lifetime.held.length, scope.counters.spawned], [0, 0]);
  }),

  test("G10: a scope that failed is closed", async (watch) => {
    let opened: TaskScope | undefined;
    await rejection(TaskScope.run((scope) => {
      opened = watch(scope);
      throw new Error("boom");
    }));
    assertEquals(opened?.state, "closed");
    assertThrows(() => opened?.spawn(() => 1), ScopeClosedError);
  }),

  test("G10: a canceling scope refuses spawn at the call, with the reason as the cause", async (watch) => {
    const reason = new Error("enough");
    let ran = false;
    await rejection(TaskScope.run((scope) => {
      watch(scope).cancel(reason);
      assertEquals(scope.state, "canceling");
      const error = assertThrows(() => scope.spawn(() => void (ran = true)), ScopeCanceledError);
      assertStrictEquals(error.cause, reason);
      assertEquals(error.name, "ScopeCanceledError");
      assertEquals(scope.counters.spawned, 0);
      return scope.sleep(1);
    }));
    assertFalse(ran);
  }),

  test("G10: a canceling scope refuses the combinators, too", async (watch) => {
    const reason = new Error("enough");
    await rejection(TaskScope.run((scope) => {
      watch(scope).cancel(reason);
      const calls = [
        () => race(scope, [() => 1]),
        () => any(scope, [() => 1]),
        () => map(scope, [1], () => 1),
        () => retry(scope, () => 1),
        () => hedge(scope, () => 1, { delay: 1 }),
      ];
      for (const call of calls) assertStrictEquals(assertThrows(call, ScopeCanceledError).cause, reason);
      assertStrictEquals(scope.trySpawn(() => 1), undefined);
      return scope.sleep(1);
    }));
  }),

  test("G10: after a task failed its scope is canceling", async (watch) => {
    const boom = new Error("boom");
    const error = await rejection(TaskScope.run(async (scope) => {
      await rejection(watch(scope).spawn(() => Promise.reject(boom)));
      const late = assertThrows(() => scope.spawn(() => 1), ScopeCanceledError);
      assertStrictEquals((late.cause as Error).cause, boom);
    }));
    assertStrictEquals(error, boom);
  }),

  test("G10: a late spawn that nobody catches does not hide the failure it came after", async (watch) => {
    const boom = new Error("boom");
    const error = await rejection(TaskScope.run(async (scope) => {
      await rejection(watch(scope).spawn(() => Promise.reject(boom)));
      scope.spawn(() => 1);
    }));
    assertStrictEquals(error, boom);
  }),

  test("G10: an uncaught late spawn in a canceled scope is cancellation, not failure", async (watch) => {
    const reason = new Error("enough");
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).cancel(reason);
      scope.spawn(() => 1);
    }));
    assertStrictEquals(error, reason);
  }),

  test("G10: while a live child runs during join, spawning is allowed", async (watch) => {
    const scope = watch(new TaskScope());
    const gate = Promise.withResolvers<void>();
    let ran = false;
    scope.spawn(() => gate.promise);
    const join = scope.join();
    await ticks();
    const late = scope.spawn(() => void (ran = true));
    gate.resolve();
    await join;
    assertEquals([ran, late.state], [true, "succeeded"]);
    assertThrows(() => scope.spawn(() => 1), ScopeClosedError);
  }),

  test("G10: a child may spawn into its scope while run waits", async (watch) => {
    const order: string[] = [];
    await TaskScope.run((scope) => {
      watch(scope).spawn(async () => {
        await ticks();
        scope.spawn(() => void order.push("late sibling"));
      });
    });
    assertEquals(order, ["late sibling"]);
  }),

  test("G10: the scope of a task takes tasks while one of its children runs", async (watch) => {
    const order: string[] = [];
    await TaskScope.run(async (scope) => {
      await watch(scope).spawn((own) => {
        own.spawn(async () => {
          await ticks();
          own.spawn(() => void order.push("late child"));
        });
      });
    });
    assertEquals(order, ["late child"]);
  }),

  test("G10: the scope of a task that has ended is closed, though its parent lives", async (watch) => {
    await TaskScope.run(async (scope) => {
      let inner: TaskScope | undefined;
      await watch(scope).spawn((own) => void (inner = own));
      assertThrows(() => inner?.spawn(() => 1), ScopeClosedError);
      assertEquals(scope.state, "open");
    });
  }),

  test("G10: join of a scope made with new closes it, also when it is empty", async (watch) => {
    const scope = watch(new TaskScope());
    await scope.join();
    assertEquals(scope.state, "closed");
    assertThrows(() => scope.spawn(() => 1), ScopeClosedError);
    await scope.join();
    await scope.close();
  }),

  test("G10: join inside run waits for the tasks so far, and the scope goes on", async (watch) => {
    const order: string[] = [];
    await TaskScope.run(async (scope) => {
      watch(scope).spawn(() => ticks().then(() => void order.push("task")));
      await scope.join();
      order.push("joined");
      await scope.spawn(() => void order.push("second"));
    });
    assertEquals(order, ["task", "joined", "second"]);
  }),

  test("G10: join inside run throws the failure of a task", async (watch) => {
    const boom = new Error("boom");
    let joined: unknown;
    const error = await rejection(TaskScope.run(async (scope) => {
      watch(scope).spawn(() => Promise.reject(boom));
      joined = await rejection(scope.join());
    }));
    assertStrictEquals(joined, boom);
    assertStrictEquals(error, boom);
  }),

  test("G10: a getter among the options that closes or cancels the scope is found out", async () => {
    let ran = false;
    const options = (end: () => void) => ({
      get name(): string {
        end();
        return "late";
      },
      deadline: 1_000,
    });
    const closing = new TaskScope({ lifetime: new FakeLifetime() });
    assertInstanceOf(
      thrown(() => closing.spawn(() => void (ran = true), options(() => closing.close()))),
      ScopeClosedError,
    );
    const detaching = new TaskScope({ lifetime: new FakeLifetime() });
    const detach = () => detaching.spawnDetached(() => void (ran = true), options(() => detaching.close()));
    assertInstanceOf(thrown(detach), ScopeClosedError);
    const canceling = new TaskScope();
    const spawn = () => canceling.spawn(() => void (ran = true), options(() => canceling.cancel()));
    assertInstanceOf(thrown(spawn), ScopeCanceledError);
    await turn();
    assertEquals([closing.counters.spawned, canceling.counters.spawned, ran], [0, 0, false]);
    await canceling.close();
  }),
];
