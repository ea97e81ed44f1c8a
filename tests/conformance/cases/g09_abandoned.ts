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
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
  Recorder,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";

export const cases: Case[] = [
  test("G9: whoever only waited for what was abandoned is canceled, not failed", async (watch) => {
    const gate = Promise.withResolvers<void>();
    let middle: Task<void> | undefined;
    await rejection(TaskScope.run((scope) => {
      middle = watch(scope).spawn((own) => {
        own.spawn(() => gate.promise);
        return own.sleep(60_000);
      });
      return ticks().then(() => scope.cancel());
    }, { grace: 5 }));
    assertEquals(middle?.state, "canceled");
    gate.resolve();
  }),

  test("G9: a task that is canceled by its handle and ignores it is a failure of its scope", async (watch) => {
    const gate = Promise.withResolvers<void>();
    let task: Task<void> | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      task = watch(scope).spawn(() => gate.promise);
      return ticks().then(() => task?.cancel());
    }, { grace: 5 }));
    assertInstanceOf(error, AbandonedTasksError);
    assertEquals(task?.state, "abandoned");
    gate.resolve();
  }),

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
