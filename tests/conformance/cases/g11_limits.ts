import { DeadlineExceededError, race, type Task, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertStrictEquals,
  Recorder,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";

export const cases: Case[] = [
  test("G11: no more tasks run at once than the limit, and it is used to the full", async (watch) => {
    let running = 0;
    let most = 0;
    await TaskScope.run((scope) => {
      for (let i = 0; i < 20; i++) {
        watch(scope).spawn(async () => {
          most = Math.max(most, ++running);
          await ticks(3 + i % 4);
          running--;
        });
      }
      assertEquals([scope.counters.running, scope.counters.queued], [3, 17]);
    }, { concurrency: 3 });
    assertEquals([most, running], [3, 0]);
  }),

  test("G11: queued tasks start first in, first out", async (watch) => {
    const order: number[] = [];
    await TaskScope.run((scope) => {
      for (let i = 0; i < 10; i++) watch(scope).spawn(() => ticks(10 - i).then(() => void order.push(i)));
    }, { concurrency: 1 });
    assertEquals(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }),

  test("G11: a queued task is queued, then running", async (watch) => {
    const gate = Promise.withResolvers<void>();
    await TaskScope.run(async (scope) => {
      watch(scope).spawn(() => gate.promise);
      const second = scope.spawn(() => ticks());
      assertEquals(second.state, "queued");
      assertEquals(scope.tree().children.map(({ state }) => state), ["running", "queued"]);
      gate.resolve();
      await ticks(5);
      assertEquals(second.state, "running");
    }, { concurrency: 1 });
  }),

  test("G11: a slot is not free when a deadline passed, only when the task has really ended", async (watch) => {
    const gate = Promise.withResolvers<void>();
    await TaskScope.run(async (scope) => {
      let aborted = false;
      const first = watch(scope).spawn(({ signal }) => {
        signal.addEventListener("abort", () => void (aborted = true));
        return gate.promise;
      }, { deadline: 5 });
      let started = false;
      const second = scope.spawn(() => void (started = true));
      while (!aborted) await turn(5);
      await ticks();
      assertEquals([started, second.state, first.state], [false, "queued", "running"]);
      gate.resolve();
      await second;
      assert(started);
    }, { concurrency: 1, policy: "supervise", grace: 60_000, observer: { onError() {} } });
  }),

  test("G11: a slot is not free when its task was canceled, only when it has really ended", async (watch) => {
    const gate = Promise.withResolvers<void>();
    await TaskScope.run(async (scope) => {
      const first = watch(scope).spawn(() => gate.promise);
      const second = scope.spawn(() => 2);
      await ticks();
      first.cancel();
      await ticks();
      assertEquals(second.state, "queued");
      gate.resolve();
      assertEquals(await second, 2);
    }, { concurrency: 1 });
  }),

  test("G11: a slot is held until what the task spawned has ended, too", async (watch) => {
    const gate = Promise.withResolvers<void>();
    await TaskScope.run(async (scope) => {
      watch(scope).spawn((task) => void task.spawn(() => gate.promise));
      const second = scope.spawn(() => 2);
      await ticks();
      assertEquals(second.state, "queued");
      gate.resolve();
      await second;
    }, { concurrency: 1 });
  }),

  test("G11: an abandoned task frees its slot", async (watch) => {
    const gate = Promise.withResolvers<void>();
    await TaskScope.run(async (scope) => {
      const first = watch(scope).spawn(() => gate.promise);
      const second = scope.spawn(() => "second");
      await ticks();
      first.cancel();
      assertEquals(await second, "second");
      assertEquals([first.state, scope.counters.abandoned], ["abandoned", 1]);
    }, { concurrency: 1, policy: "supervise", grace: 5, observer: { onError() {} } });
    gate.resolve();
    await ticks();
  }),

  test("G11: the late end of an abandoned task does not free a second slot", async (watch) => {
    const stuck = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    await TaskScope.run(async (scope) => {
      const first = watch(scope).spawn(() => stuck.promise);
      const second = scope.spawn(() => gate.promise);
      const third = scope.spawn(() => 3);
      await ticks();
      first.cancel();
      await first.outcome;
      await ticks();
      assertEquals([second.state, third.state], ["running", "queued"]);
      stuck.resolve();
      await ticks();
      assertEquals(third.state, "queued");
      gate.resolve();
      await third;
    }, { concurrency: 1, policy: "supervise", grace: 5, observer: { onError() {} } });
  }),

  test("G11: a failed task frees its slot under supervise", async (watch) => {
    const value = await TaskScope.run((scope) => {
      watch(scope).spawn(() => Promise.reject(new Error("boom")));
      return scope.spawn(() => "second");
    }, { concurrency: 1, policy: "supervise", observer: { onError() {} } });
    assertEquals(value, "second");
  }),

  test("G11: a canceled queue rejects every handle with the reason, and starts nothing", async (watch) => {
    const reason = new Error("enough");
    const recorder = new Recorder();
    const queued: Task<unknown>[] = [];
    let ran = 0;
    let opened: TaskScope | undefined;
    await rejection(TaskScope.run(async (scope) => {
      opened = watch(scope);
      scope.spawn((task) => task.sleep(60_000), { name: "first" });
      for (let i = 0; i < 10; i++) queued.push(scope.spawn(() => void ran++));
      await ticks();
      scope.cancel(reason);
    }, { concurrency: 1, observer: recorder }));
    for (const task of queued) assertStrictEquals(await rejection(task), reason);
    assertEquals([ran, recorder.events.includes("start first")], [0, true]);
    assertEquals(recorder.of("start").filter((line) => line.includes("task-")), []);
    assertEquals([opened?.counters.canceled, opened?.counters.queued], [11, 0]);
  }),

  test("G11: a canceled queue does not wait for the task that runs", async (watch) => {
    const gate = Promise.withResolvers<void>();
    await rejection(TaskScope.run(async (scope) => {
      watch(scope).spawn(() => gate.promise);
      const queued = scope.spawn(() => 1);
      await ticks();
      scope.cancel();
      await rejection(queued);
      assertEquals(scope.counters.running, 1);
      gate.resolve();
    }, { concurrency: 1 }));
  }),

  test("G11: canceling one of the queue leaves the order of the others", async (watch) => {
    const order: number[] = [];
    await TaskScope.run(async (scope) => {
      const tasks = [0, 1, 2, 3, 4].map((i) => watch(scope).spawn(() => ticks().then(() => void order.push(i))));
      tasks[2]?.cancel();
      await tasks[2]?.outcome;
      assertEquals([tasks[2]?.state, scope.counters.queued], ["canceled", 3]);
    }, { concurrency: 1 });
    assertEquals(order, [0, 1, 3, 4]);
  }),

  test("G11: a queued task whose deadline passes is told so without having run", async (watch) => {
    const gate = Promise.withResolvers<void>();
    let ran = false;
    await TaskScope.run(async (scope) => {
      watch(scope).spawn(() => gate.promise);
      const late = scope.spawn(() => void (ran = true), { deadline: 5 });
      assertInstanceOf(await rejection(late), DeadlineExceededError);
      assertEquals(late.state, "failed");
      gate.resolve();
    }, { concurrency: 1, policy: "supervise", observer: { onError() {} } });
    assertFalse(ran);
  }),

  test("G11: trySpawn is undefined when the limit is full, and works again after", async (watch) => {
    const gate = Promise.withResolvers<void>();
    await TaskScope.run(async (scope) => {
      const first = watch(scope).trySpawn(() => gate.promise);
      assert(first);
      assertStrictEquals(scope.trySpawn(() => 2), undefined);
      assertEquals([scope.counters.spawned, scope.counters.queued], [1, 0]);
      gate.resolve();
      await first;
      assertEquals(await scope.trySpawn(() => 3), 3);
    }, { concurrency: 1 });
  }),

  test("G11: trySpawn does not overtake the queue", async (watch) => {
    const order: string[] = [];
    await TaskScope.run(async (scope) => {
      const first = watch(scope).spawn(() => ticks());
      scope.spawn(() => ticks().then(() => void order.push("queued")));
      await first;
      assertStrictEquals(scope.trySpawn(() => void order.push("tried")), undefined);
    }, { concurrency: 1 });
    assertEquals(order, ["queued"]);
  }),

  test("G11: the limit does not count grandchildren", async (watch) => {
    const value = await TaskScope.run(
      (scope) => watch(scope).spawn((child) => child.spawn((grandchild) => grandchild.spawn(() => "deep"))),
      { concurrency: 1 },
    );
    assertEquals(value, "deep");
  }),

  test("G11: a detached task takes no slot of its scope", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const work: Promise<unknown>[] = [];
    await TaskScope.run(async (scope) => {
      watch(scope).spawnDetached(() => gate.promise, { deadline: 10_000 });
      assertEquals(await scope.spawn(() => 1), 1);
    }, { concurrency: 1, lifetime: { waitUntil: (promise) => void work.push(promise) } });
    gate.resolve();
    await Promise.all(work);
  }),

  test("G11: a combinator takes no place, neither while it runs nor when it has ended", async (watch) => {
    const gate = Promise.withResolvers<void>();
    await TaskScope.run(async (scope) => {
      const first = watch(scope).spawn(() => gate.promise);
      assertEquals(await race(scope, [() => 1]), 1);
      const second = scope.spawn(() => 2);
      await ticks();
      assertEquals([first.state, second.state], ["running", "queued"]);
      gate.resolve();
      assertEquals(await second, 2);
      assertEquals(await scope.shield(() => 3, { deadline: 5_000 }), 3);
      assertEquals(await scope.spawn(() => 4), 4);
    }, { concurrency: 1 });
  }),

  test("G11: a long queue of synchronous tasks neither overflows the stack nor loses one", async (watch) => {
    let ran = 0;
    await TaskScope.run((scope) => {
      watch(scope);
      for (let i = 0; i < 20_000; i++) scope.spawn(() => void ran++);
    }, { concurrency: 1 });
    assertEquals(ran, 20_000);
  }),

  test("G11: a long queue canceled at once rejects every one", async (watch) => {
    let opened: TaskScope | undefined;
    await rejection(TaskScope.run((scope) => {
      opened = watch(scope);
      for (let i = 0; i < 20_000; i++) scope.spawn((task) => task.sleep(60_000));
      return ticks().then(() => scope.cancel());
    }, { concurrency: 2 }));
    assertEquals(opened?.counters.canceled, 20_000);
  }),
];
