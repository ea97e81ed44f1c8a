import { type Counters, type Task, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertConserved,
  assertEquals,
  assertThrows,
  FakeLifetime,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";

export const cases: Case[] = [
  test("G12: the counters tell what became of each task", async (watch) => {
    const stuck = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    await TaskScope.run(async (scope) => {
      watch(scope);
      scope.spawn(() => 1);
      scope.spawn(() => Promise.reject(new Error("boom")));
      const canceled = scope.spawn((task) => task.sleep(60_000));
      const abandoned = scope.spawn(() => stuck.promise);
      await ticks();
      canceled.cancel();
      abandoned.cancel();
      await Promise.all([canceled.outcome, abandoned.outcome]);
      for (let i = 0; i < 6; i++) scope.spawn(() => gate.promise);
      const expected: Counters = {
        spawned: 10,
        succeeded: 1,
        failed: 1,
        canceled: 1,
        abandoned: 1,
        running: 4,
        queued: 2,
      };
      assertEquals(scope.counters, expected);
      gate.resolve();
      await scope.join();
      assertEquals(scope.counters, { ...expected, succeeded: 7, running: 0, queued: 0 });
    }, { policy: "supervise", concurrency: 4, grace: 5, observer: { onError() {} } });
    stuck.resolve();
  }),

  test("G12: a new scope counts nothing", async (watch) => {
    const scope = watch(new TaskScope());
    assertEquals(Object.values(scope.counters), [0, 0, 0, 0, 0, 0, 0]);
    await scope.close();
  }),

  test("G12: it holds at every hook of the observer", async (watch) => {
    const stuck = Promise.withResolvers<void>();
    const scopes: TaskScope[] = [];
    let checks = 0;
    const check = () => {
      for (const scope of scopes) assertConserved(scope.counters);
      checks++;
    };
    const failures: unknown[] = [];
    const guarded = () => {
      try {
        check();
      } catch (error) {
        failures.push(error);
      }
    };
    await rejection(TaskScope.run((scope) => {
      scopes.push(watch(scope));
      for (let i = 0; i < 12; i++) {
        scope.spawn(async (task) => {
          scopes.push(task);
          task.spawn(() => ticks(i));
          if (i === 7) task.spawn(() => stuck.promise);
          await task.sleep(i);
          if (i === 9) throw new Error("boom");
        });
      }
    }, {
      concurrency: 5,
      grace: 5,
      observer: {
        onSpawn: guarded,
        onStart: guarded,
        onSettle: guarded,
        onCancel: guarded,
        onAbandon: guarded,
        onError: guarded,
      },
    }));
    assertEquals(failures, []);
    assert(checks > 40);
    stuck.resolve();
    await ticks();
    for (const scope of scopes) assertConserved(scope.counters);
  }),

  test("G12: it holds inside abort listeners, bodies and cleanup", async (watch) => {
    const checked: string[] = [];
    await rejection(TaskScope.run(async (scope) => {
      const check = (where: string) => {
        assertConserved(scope.counters);
        checked.push(where);
      };
      watch(scope).signal.addEventListener("abort", () => check("scope's listener"));
      scope.defer(() => check("cleanup"));
      for (let i = 0; i < 5; i++) {
        scope.spawn((task) => {
          task.signal.addEventListener("abort", () => check("task's listener"));
          task.defer(() => check("task's cleanup"));
          return task.sleep(60_000).finally(() => check("body"));
        });
      }
      await ticks();
      scope.cancel();
    }, { concurrency: 3 }));
    assertEquals(checked.length, 1 + 1 + 3 * 3);
  }),

  test("G12: it holds when the observer itself spawns and cancels in its hooks", async (watch) => {
    const scope = watch(
      new TaskScope({
        concurrency: 2,
        policy: "supervise",
        observer: {
          onSpawn: (task) => void (task.name === "canceled" && (task as Task<unknown>).cancel()),
          onStart: ({ name }) => void (name === "first" && scope.trySpawn(() => 1, { name: "from onStart" })),
          onSettle: ({ name }) => void (name === "first" && scope.spawn(() => 2, { name: "from onSettle" })),
          onError: () => void scope.spawn(() => 3, { name: "from onError" }),
        },
      }),
    );
    scope.spawn(() => ticks(), { name: "first" });
    scope.spawn(() => Promise.reject(new Error("boom")), { name: "failing" });
    scope.spawn(() => 1, { name: "canceled" });
    await scope.join();
    assertEquals(scope.counters, {
      spawned: 5, // no place was free at onStart
      succeeded: 3,
      failed: 1,
      canceled: 1,
      abandoned: 0,
      running: 0,
      queued: 0,
    });
  }),

  test("G12: what was refused is not counted", async (watch) => {
    await rejection(TaskScope.run((scope) => {
      watch(scope);
      const refuse = (call: () => unknown) => assertThrows(call);
      refuse(() => scope.spawn(() => 1, { deadline: NaN }));
      refuse(() => scope.spawn("no" as unknown as () => void));
      refuse(() => scope.spawn(() => 1, { name: "" }));
      scope.cancel();
      refuse(() => scope.spawn(() => 1));
      assertEquals(scope.counters.spawned, 0);
      return scope.sleep(1);
    }));
  }),

  test("G12: a detached task is not counted by the scope that spawned it", async (watch) => {
    const lifetime = new FakeLifetime();
    await TaskScope.run((scope) => {
      watch(scope).spawnDetached(() => 1, { deadline: 1_000 });
      assertEquals(scope.counters.spawned, 0);
      assertEquals(scope.tree().children, []);
    }, { lifetime });
    await lifetime.ended();
  }),

  test("G12: a random life of many tasks adds up in every scope", async (watch) => {
    let seed = 20_240_229;
    const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % below;
    const scopes: TaskScope[] = [];
    const grow = (depth: number) => async (scope: TaskScope): Promise<void> => {
      scopes.push(scope);
      for (let i = random(4); i > 0 && depth > 0; i--) {
        const task = scope.trySpawn(grow(depth - 1), random(5) === 0 ? { deadline: random(4) } : {});
        if (random(6) === 0) task?.cancel();
        if (random(4) === 0) await task?.outcome;
        for (const each of scopes) assertConserved(each.counters);
      }
      await (random(3) === 0 ? turn(random(3)) : ticks(random(9)));
      if (random(9) === 0) throw new Error("random");
    };
    for (let round = 0; round < 25; round++) {
      await TaskScope.run((scope) => grow(4)(watch(scope)), {
        policy: random(2) === 0 ? "supervise" : "failFast",
        concurrency: 1 + random(3),
        observer: { onError() {} },
      }).catch(() => {});
    }
    for (const { counters, state } of scopes) {
      assertConserved(counters);
      assertEquals([state, counters.running, counters.queued], ["closed", 0, 0]);
    }
  }),
];
