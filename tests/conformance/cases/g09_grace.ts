import {
  AbandonedTasksError,
  DeadlineExceededError,
  ScopeClosedError,
  type Task,
  TaskScope,
} from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertGreaterOrEqual,
  assertInstanceOf,
  assertLess,
  assertStrictEquals,
  assertThrows,
  FakeLifetime,
  isSettled,
  Recorder,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";

export const cases: Case[] = [
  test("G9: a task that ignores its cancellation is abandoned after grace, and named", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const reason = new Error("enough");
    let task: Task<void> | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      task = watch(scope).spawn(() => gate.promise, { name: "stuck" });
      return ticks().then(() => scope.cancel(reason));
    }, { grace: 5, name: "page" }));
    assertInstanceOf(error, AbandonedTasksError);
    assertEquals(error.tasks, [{ name: "stuck", path: "page/stuck" }]);
    assertStrictEquals(error.cause, reason);
    assert(error.message.includes("page/stuck"), error.message);
    assertEquals(task?.state, "abandoned");
    gate.resolve();
    await ticks();
    assertEquals(task?.state, "abandoned");
  }),

  test("G9: grace is waited, and not cut short", async (watch) => {
    const gate = Promise.withResolvers<void>();
    let canceled = 0;
    await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(() => gate.promise);
      return ticks().then(() => {
        canceled = Date.now();
        scope.cancel();
      });
    }, { grace: 15 }));
    assertGreaterOrEqual(Date.now() - canceled, 15);
    gate.resolve();
  }),

  test("G9: a task that ends within grace is not abandoned", async (watch) => {
    let opened: TaskScope | undefined;
    await rejection(TaskScope.run((scope) => {
      opened = watch(scope);
      scope.spawn(async ({ signal }) => {
        await rejection(scope.sleep(60_000));
        await turn(5);
        signal.throwIfAborted();
      });
      return ticks().then(() => scope.cancel());
    }, { grace: 1_000 }));
    assertEquals([opened?.counters.canceled, opened?.counters.abandoned], [1, 0]);
  }),

  test("G9: the handle of an abandoned task rejects", async (watch) => {
    const gate = Promise.withResolvers<void>();
    await TaskScope.run(async (scope) => {
      const task = watch(scope).spawn(() => gate.promise, { name: "stuck" });
      await ticks();
      task.cancel();
      assertInstanceOf(await rejection(task), AbandonedTasksError);
      const outcome = await task.outcome;
      assert(outcome.state === "abandoned");
      assertInstanceOf(outcome.error, AbandonedTasksError);
    }, { grace: 5, policy: "supervise", observer: { onError() {} } });
    gate.resolve();
  }),

  test("G9: abandonment counts: abandoned, not running", async (watch) => {
    const gate = Promise.withResolvers<void>();
    await TaskScope.run(async (scope) => {
      const stuck = watch(scope).spawn(() => gate.promise);
      const good = scope.spawn((task) => task.sleep(60_000));
      await ticks();
      stuck.cancel();
      good.cancel();
      await Promise.all([stuck.outcome, good.outcome]);
      const { spawned, canceled, abandoned, running } = scope.counters;
      assertEquals([spawned, canceled, abandoned, running], [2, 1, 1, 0]);
      gate.resolve();
      await ticks();
      assertEquals(scope.counters.abandoned, 1); // its late end changes nothing
    }, { grace: 5, policy: "supervise", observer: { onError() {} } });
  }),

  test("G9: with a failure before it, the AbandonedTasksError is suppressed", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const boom = new Error("boom");
    let opened: TaskScope | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      opened = watch(scope);
      scope.spawn(() => gate.promise, { name: "stuck" });
      scope.spawn(() => Promise.reject(boom));
    }, { grace: 5 }));
    assertStrictEquals(error, boom);
    assertEquals(opened?.suppressed.length, 1);
    assertInstanceOf(opened?.suppressed[0], AbandonedTasksError);
    gate.resolve();
  }),

  test("G9: after a deadline, the deadline's error is primary, abandonment suppressed", async (watch) => {
    const gate = Promise.withResolvers<void>();
    let opened: TaskScope | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      opened = watch(scope);
      scope.spawn(() => gate.promise, { name: "stuck" });
    }, { deadline: 5, grace: 5 }));
    assertInstanceOf(error, DeadlineExceededError);
    const [abandoned] = opened?.suppressed ?? [];
    assertInstanceOf(abandoned, AbandonedTasksError);
    assertEquals(abandoned.tasks.map(({ name }) => name), ["stuck"]);
    assertStrictEquals(abandoned.cause, error);
    gate.resolve();
  }),

  test("G9: the body itself can be abandoned", async () => {
    const gate = Promise.withResolvers<void>();
    let opened: TaskScope | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      opened = scope;
      return gate.promise;
    }, { deadline: 5, grace: 5, name: "page" }));
    assertInstanceOf(error, DeadlineExceededError);
    const [abandoned] = opened?.suppressed ?? [];
    assertInstanceOf(abandoned, AbandonedTasksError);
    assertEquals(abandoned.tasks, [{ name: "page", path: "page" }]);
    gate.resolve();
  }),

  test("G9: the observer hears of the abandonment, and again when the task settles later", async (watch) => {
    const gate = Promise.withResolvers<string>();
    const recorder = new Recorder();
    await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(() => gate.promise, { name: "stuck" });
      return ticks().then(() => scope.cancel());
    }, { grace: 5, observer: recorder, name: "page" }));
    assertEquals(recorder.abandoned.map(({ name }) => name), ["stuck"]);
    assertInstanceOf(recorder.abandoned[0]?.error, AbandonedTasksError);
    assertEquals(recorder.of("settle"), []);
    gate.resolve("late");
    await ticks();
    assertEquals(recorder.settled, [{ name: "stuck", outcome: { state: "succeeded", value: "late", late: true } }]);
  }),

  test("G9: an abandoned task that fails later: the observer hears onSettle and onError, once each", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const late = new Error("late");
    const recorder = new Recorder();
    await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(() => gate.promise, { name: "stuck" });
      return ticks().then(() => scope.cancel());
    }, { grace: 5, observer: recorder }));
    gate.reject(late);
    await ticks();
    assertEquals(recorder.settled, [{ name: "stuck", outcome: { state: "failed", error: late } }]);
    assertEquals(recorder.errors, [{ error: late, name: "stuck", phase: "after-abandon" }]);
  }),

  test("G9: an abandoned task that ends with the reason later is no error", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const recorder = new Recorder();
    await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(({ signal }) => gate.promise.then(() => signal.throwIfAborted()), { name: "slow" });
      return ticks().then(() => scope.cancel());
    }, { grace: 5, observer: recorder }));
    gate.resolve();
    await ticks();
    assertEquals([recorder.of("settle"), recorder.errors], [["settle slow canceled"], []]);
  }),

  test("G9: grace zero abandons at the next turn", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(() => gate.promise);
      scope.spawn((task) => task.sleep(60_000)); // cooperates: not abandoned
      return ticks().then(() => scope.cancel());
    }, { grace: 0 }));
    assertInstanceOf(error, AbandonedTasksError);
    assertEquals(error.tasks.length, 1);
    gate.resolve();
  }),

  test("G9: grace Infinity waits until the work ends", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const reason = new Error("enough");
    const run = TaskScope.run((scope) => {
      watch(scope).spawn(({ signal }) => gate.promise.then(() => signal.throwIfAborted()));
      return ticks().then(() => scope.cancel(reason));
    }, { grace: Infinity });
    const error = rejection(run);
    await turn(20);
    assertFalse(await isSettled(error));
    gate.resolve();
    assertStrictEquals(await error, reason);
  }),

  test("G9: one error names all that ignored it, also deep below", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).spawn((child) => {
        child.spawn((grandchild) => {
          grandchild.spawn(() => gate.promise, { name: "c" });
        }, { name: "b" });
      }, { name: "a" });
      scope.spawn(() => gate.promise, { name: "d" });
      return ticks().then(() => scope.cancel());
    }, { grace: 5, name: "page" }));
    assertInstanceOf(error, AbandonedTasksError);
    assertEquals(error.tasks.map(({ path }) => path).toSorted(), ["page/a/b/c", "page/d"]);
    gate.resolve();
  }),

  test("G9: a task that only waits for its stuck child counts no error of its own", async (watch) => {
    const gate = Promise.withResolvers<void>();
    let opened: TaskScope | undefined;
    await rejection(TaskScope.run((scope) => {
      opened = watch(scope);
      scope.spawn((child) => child.spawn(() => gate.promise, { name: "stuck" }), { name: "waiting" });
      return ticks().then(() => scope.cancel());
    }, { grace: 5 }));
    assertEquals(opened?.suppressed, []);
    gate.resolve();
  }),

  test("G9: close is bounded by grace and throws the AbandonedTasksError", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const scope = watch(new TaskScope({ grace: 5, name: "manual" }));
    const task = scope.spawn(() => gate.promise, { name: "stuck" });
    await ticks();
    const error = await rejection(scope.close());
    assertInstanceOf(error, AbandonedTasksError);
    assertEquals([error.tasks, task.state], [[{ name: "stuck", path: "manual/stuck" }], "abandoned"]);
    await scope.close();
    gate.resolve();
  }),

  test("G9: join after cancel is bounded by grace", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const scope = watch(new TaskScope({ grace: 5 }));
    scope.spawn(() => gate.promise);
    await ticks();
    scope.cancel();
    assertInstanceOf(await rejection(scope.join()), AbandonedTasksError);
    gate.resolve();
  }),

  test("G9: cleanup is bounded by grace, each on its own, and the later ones still run", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const ran: string[] = [];
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).defer(() => void ran.push("first in"));
      scope.defer(() => gate.promise);
    }, { grace: 5, name: "page" }));
    assertInstanceOf(error, AbandonedTasksError);
    assertEquals(ran, ["first in"]);
    gate.resolve();
  }),

  test("G9: cleanup may take its time within grace also after the tasks used theirs up", async (watch) => {
    const gate = Promise.withResolvers<void>();
    let cleaned = false;
    await rejection(TaskScope.run((scope) => {
      watch(scope).defer(async () => {
        await turn(10);
        cleaned = true;
      });
      scope.spawn(() => gate.promise);
      return ticks().then(() => scope.cancel());
    }, { grace: 40 }));
    assert(cleaned);
    gate.resolve();
  }),

  test("G9: the cleanup of an abandoned task runs", async (watch) => {
    const gate = Promise.withResolvers<void>();
    let cleaned = false;
    await rejection(TaskScope.run((scope) => {
      watch(scope).spawn((task) => {
        task.defer(() => void (cleaned = true));
        return gate.promise;
      });
      return ticks().then(() => scope.cancel());
    }, { grace: 5 }));
    assert(cleaned);
    gate.resolve();
  }),

  test("G9: an abandoned task cannot spawn or defer any more", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(async (task) => {
        await gate.promise;
        try {
          assertThrows(() => task.spawn(() => 1), ScopeClosedError);
          assertThrows(() => task.defer(() => 1), ScopeClosedError);
          done.resolve();
        } catch (error) {
          done.reject(error);
        }
      });
      return ticks().then(() => scope.cancel());
    }, { grace: 5 }));
    gate.resolve();
    await done.promise;
  }),

  test("G9: a body that reacts to its stuck task's rejection in time is heard", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const value = await TaskScope.run(async (scope) => {
      const task = watch(scope).spawn(() => gate.promise);
      await ticks();
      task.cancel();
      const error = await rejection(task);
      return error instanceof AbandonedTasksError ? "went on" : "no";
    }, { grace: 5, policy: "supervise", observer: { onError() {} } });
    assertEquals(value, "went on");
    gate.resolve();
  }),

  test("G9: inside a lifetime grace is cut to what is left of it", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const lifetime = new FakeLifetime({ deadline: new Date(Date.now() + 40) });
    const start = Date.now();
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(() => gate.promise);
      return ticks().then(() => scope.cancel());
    }, { grace: 30_000, lifetime }));
    assertInstanceOf(error, AbandonedTasksError);
    assertLess(Date.now() - start, 10_000);
    gate.resolve();
  }),

  test("G9: a lifetime whose deadline is no valid date does not switch grace off", async () => {
    const gate = Promise.withResolvers<void>();
    const lifetime = new FakeLifetime({ deadline: new Date(NaN) });
    const run = TaskScope.run((scope) => {
      scope.spawn(() => gate.promise);
      return ticks().then(() => scope.cancel());
    }, { grace: 5, lifetime }).catch((error) => error);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise((resolve) => timer = setTimeout(() => resolve("grace never ended"), 2_000));
    const error = await Promise.race([run, late]);
    clearTimeout(timer);
    gate.resolve();
    await run;
    // Refused at once would be right, too.
    assert(error instanceof AbandonedTasksError || error instanceof RangeError, String(error));
  }),

  test("G9: a second cancellation does not prolong grace", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const scope = watch(new TaskScope({ grace: 8 }));
    scope.spawn(() => gate.promise);
    await ticks();
    const join = rejection(scope.join());
    for (let i = 0; i < 20 && scope.state !== "closed"; i++) {
      scope.cancel();
      await turn(4);
    }
    assertEquals(scope.state, "closed");
    assertInstanceOf(await join, AbandonedTasksError);
    gate.resolve();
  }),

  test("G9: a stuck task makes no unhandled rejection, early or late", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const recorder = new Recorder();
    await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(() => gate.promise);
      return ticks().then(() => scope.cancel());
    }, { grace: 1, observer: recorder }));
    await turn();
    gate.reject(new Error("late"));
    await turn();
    assertEquals(recorder.errors.length, 1);
  }),
];
