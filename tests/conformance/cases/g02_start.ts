import { CancelReason, type Task, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertStrictEquals,
  FakeLifetime,
  Recorder,
  rejection,
  test,
  ticks,
} from "../assert.ts";

export const cases: Case[] = [
  test("G2: spawn never runs user code synchronously", async (watch) => {
    await TaskScope.run(async (scope) => {
      let started = false;
      const task = watch(scope).spawn(() => void (started = true));
      assertFalse(started);
      await task;
      assert(started);
    });
  }),

  test("G2: trySpawn, shield and spawnDetached never run user code synchronously", async (watch) => {
    const started: string[] = [];
    const lifetime = new FakeLifetime();
    await TaskScope.run(async (scope) => {
      const tasks = [
        watch(scope).trySpawn(() => void started.push("try")),
        scope.shield(() => void started.push("shield"), { deadline: 1_000 }),
        scope.spawnDetached(() => void started.push("detached"), { deadline: 1_000 }),
      ];
      assertEquals(started, []);
      await Promise.all(tasks);
      assertEquals(started.toSorted(), ["detached", "shield", "try"]);
    }, { lifetime });
    await lifetime.ended();
  }),

  test("G2: the handle exists before the function runs", async (watch) => {
    await TaskScope.run(async (scope) => {
      const task: Task<string> = watch(scope).spawn(() => task.name, { name: "self" });
      assertEquals(await task, "self");
    });
  }),

  test("G2: a task canceled before its start never runs and settles as canceled", async (watch) => {
    await TaskScope.run(async (scope) => {
      let ran = false;
      const task = watch(scope).spawn(() => void (ran = true));
      task.cancel();
      const outcome = await task.outcome;
      assertEquals([ran, outcome.state, task.state], [false, "canceled", "canceled"]);
      assertInstanceOf(await rejection(task), CancelReason);
      assertEquals(scope.counters.canceled, 1);
    });
  }),

  test("G2: no task starts in a scope canceled in the same turn", async (watch) => {
    const reason = new Error("enough");
    const ran: number[] = [];
    const tasks: Task<unknown>[] = [];
    const error = await rejection(TaskScope.run((scope) => {
      for (let i = 0; i < 5; i++) tasks.push(watch(scope).spawn(() => void ran.push(i)));
      scope.cancel(reason);
    }));
    assertStrictEquals(error, reason);
    assertEquals(ran, []);
    for (const task of tasks) assertStrictEquals(await rejection(task), reason);
  }),

  test("G2: a body that throws synchronously starts none of its tasks", async (watch) => {
    const boom = new Error("boom");
    let ran = false;
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(() => void (ran = true));
      throw boom;
    }));
    assertStrictEquals(error, boom);
    assertFalse(ran);
  }),

  test("G2: a task canceled by the observer's onSpawn never runs", async (watch) => {
    let ran = false;
    await TaskScope.run(async (scope) => {
      const task = watch(scope).spawn(() => void (ran = true), { name: "victim" });
      assertEquals((await task.outcome).state, "canceled");
    }, { observer: { onSpawn: (task) => (task as Task<unknown>).cancel() } });
    assertFalse(ran);
  }),

  test("G2: a task that is canceled before its start has no onStart", async (watch) => {
    const recorder = new Recorder();
    await TaskScope.run(async (scope) => {
      const task = watch(scope).spawn(() => 1, { name: "one" });
      task.cancel();
      await task.outcome;
    }, { observer: recorder });
    assertFalse(recorder.events.includes("start one"));
    assertEquals(recorder.of("settle"), ["settle one canceled"]);
  }),

  test("G2: tasks start in the order of their spawns", async (watch) => {
    const order: number[] = [];
    await TaskScope.run((scope) => {
      for (let i = 0; i < 10; i++) watch(scope).spawn(() => void order.push(i));
    });
    assertEquals(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }),

  test("G2: a canceled detached task that has not started never runs, and lets its lifetime go", async () => {
    const lifetime = new FakeLifetime();
    let ran = false;
    await TaskScope.run((scope) => {
      scope.spawnDetached(() => void (ran = true), { deadline: 1_000 }).cancel();
    }, { lifetime });
    await lifetime.ended();
    assertFalse(ran);
  }),

  test("G2: the observer hears onSpawn before anything else of a task", async (watch) => {
    const recorder = new Recorder();
    await TaskScope.run(async (scope) => {
      await watch(scope).spawn(() => 1, { name: "good" });
      await scope.spawn(() => 1, { name: "late", deadline: 0 }).outcome;
    }, { observer: recorder, policy: "supervise" });
    for (const name of ["good", "late"]) {
      const events = recorder.events.filter((line) => line.split(" ")[1] === name);
      assertEquals(events[0], `spawn ${name}`, events.join(", "));
    }
  }),

  test("G2: what the observer hears start it also hears spawned and settled", async (watch) => {
    const recorder = new Recorder();
    await TaskScope.run((scope) => {
      watch(scope).spawn((task) => void task.spawn(() => 1, { name: "b" }), { name: "a" });
      scope.shield(() => 1, { deadline: 1_000, name: "c" });
    }, { observer: recorder, name: "root" });
    const names = (hook: string) => recorder.of(hook).map((line) => line.split(" ")[1]).toSorted();
    assertEquals(names("start"), names("spawn"));
    assertEquals(names("settle"), names("spawn"));
  }),

  test("G2: a function may return any thenable", async (watch) => {
    const boom = new Error("boom");
    const thenable = (settle: (resolve: (value: string) => void, reject: (error: unknown) => void) => void) =>
      ({ then: settle }) as unknown as PromiseLike<string>;
    await TaskScope.run(async (scope) => {
      assertEquals(await watch(scope).spawn(() => thenable((resolve) => resolve("value"))), "value");
      const twice = scope.spawn(() =>
        thenable((resolve, reject) => {
          resolve("first");
          reject(boom);
          resolve("second");
        })
      );
      assertEquals(await twice, "first");
      assertStrictEquals(await rejection(scope.spawn(() => thenable((_, reject) => reject(boom)))), boom);
      const throwing = scope.spawn(() =>
        thenable(() => {
          throw boom;
        })
      );
      assertStrictEquals(await rejection(throwing), boom);
    }, { policy: "supervise", observer: { onError() {} } });
  }),

  test("G2: run calls its body at once", () => {
    let called = false;
    void TaskScope.run(() => void (called = true));
    assert(called);
  }),

  test("G2: a spawned function that throws synchronously rejects the handle, not the caller", async (watch) => {
    const boom = new Error("boom");
    const error = await rejection(TaskScope.run(async (scope) => {
      const task = watch(scope).spawn(() => {
        throw boom;
      });
      await ticks();
      assertStrictEquals(await rejection(task), boom);
    }));
    assertStrictEquals(error, boom);
  }),

  test("G2: a handle is a promise: then, catch, finally, await, Promise.all", async (watch) => {
    await TaskScope.run(async (scope) => {
      const task = watch(scope).spawn(() => Promise.resolve(2), { name: "two" });
      let finals = 0;
      assertEquals(await task.then((value) => value + 1), 3);
      assertEquals(await task.catch(() => 0), 2);
      assertEquals(await task.finally(() => void finals++), 2);
      assertEquals(await Promise.all([task, task]), [2, 2]);
      assertEquals([finals, task.name, task.late], [1, "two", false]);
      assertEquals(await task.outcome, { state: "succeeded", value: 2, late: false });
    });
  }),

  test("G2: outcome never rejects", async (watch) => {
    const boom = new Error("boom");
    const reason = new Error("enough");
    await TaskScope.run(async (scope) => {
      const failed = watch(scope).spawn(() => Promise.reject(boom));
      const canceled = scope.spawn((task) => task.sleep(1_000), { name: "canceled" });
      await ticks();
      canceled.cancel(reason);
      assertEquals(await failed.outcome, { state: "failed", error: boom });
      const outcome = await canceled.outcome;
      assert(outcome.state === "canceled");
      assertStrictEquals(outcome.reason, reason);
      assertEquals([outcome.kind, outcome.origin], ["canceled", canceled.path]);
    }, { policy: "supervise", observer: { onError() {} } });
  }),

  test("G2: a task canceled by onStart never runs", async () => {
    let ran = false;
    const scope = new TaskScope({ observer: { onStart: () => scope.cancel() } });
    const task = scope.spawn(() => void (ran = true));
    assertEquals((await task.outcome).state, "canceled");
    assertFalse(ran);
    await scope.close();
  }),
];
