import { DeadlineExceededError, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  consoleErrors,
  Recorder,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";
import { failWhenCanceled, throwing } from "../failing.ts";

export const cases: Case[] = [
  test("G5: later failures are suppressed in the order they came, and told to the observer", async (watch) => {
    const [boom, second, third] = [new Error("boom"), new Error("second"), new Error("third")];
    const recorder = new Recorder();
    let opened: TaskScope | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      opened = watch(scope);
      scope.spawn(async (task) => {
        await rejection(task.sleep(60_000));
        await ticks();
        throw third;
      }, { name: "slow" });
      scope.spawn(failWhenCanceled(second), { name: "fast" });
      scope.spawn(() => ticks().then(throwing(boom)), { name: "bad" });
    }, { observer: recorder }));
    assertStrictEquals(error, boom);
    assertEquals(opened?.suppressed, [second, third]);
    assertEquals(recorder.errors, [
      { error: second, name: "fast", phase: "body" },
      { error: third, name: "slow", phase: "body" },
    ]);
  }),

  test("G5: a cleanup error of a scope that did well surfaces", async (watch) => {
    const cleanup = new Error("cleanup");
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).defer(() => Promise.reject(cleanup));
      return "value";
    }));
    assertStrictEquals(error, cleanup);
  }),

  test("G5: a cleanup error never replaces the root cause", async (watch) => {
    const [boom, cleanup] = [new Error("boom"), new Error("cleanup")];
    const recorder = new Recorder();
    let opened: TaskScope | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      opened = watch(scope);
      scope.defer(throwing(cleanup));
      throw boom;
    }, { observer: recorder, name: "page" }));
    assertStrictEquals(error, boom);
    assertEquals(opened?.suppressed, [cleanup]);
    assertEquals(recorder.errors, [{ error: cleanup, name: "page", phase: "cleanup" }]);
  }),

  test("G5: a cleanup error of a task never replaces the task's root cause", async (watch) => {
    const [boom, cleanup] = [new Error("boom"), new Error("cleanup")];
    const recorder = new Recorder();
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).spawn((task) => {
        task.defer(throwing(cleanup));
        throw boom;
      }, { name: "bad" });
    }, { observer: recorder }));
    assertStrictEquals(error, boom);
    assertEquals(recorder.errors, [{ error: cleanup, name: "bad", phase: "cleanup" }]);
  }),

  test("G5: a cleanup error never replaces an expired deadline", async (watch) => {
    const cleanup = new Error("cleanup");
    const recorder = new Recorder();
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).defer(throwing(cleanup));
      return scope.sleep(60_000);
    }, { deadline: 5, observer: recorder }));
    assertInstanceOf(error, DeadlineExceededError);
    assertEquals(recorder.errors.map(({ error, phase }) => [error, phase]), [[cleanup, "cleanup"]]);
  }),

  test("G5: every cleanup runs although one throws, and all their errors are kept in order", async (watch) => {
    const errors = [new Error("last in"), new Error("second in"), new Error("first in")];
    const recorder = new Recorder();
    let opened: TaskScope | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      opened = watch(scope);
      scope.defer(throwing(errors[2]));
      scope.defer(() => Promise.reject(errors[1]));
      scope.defer(throwing(errors[0]));
    }, { observer: recorder }));
    assertStrictEquals(error, errors[0]);
    assertEquals(opened?.suppressed, errors.slice(1));
    assertEquals(recorder.errors.map(({ phase }) => phase), ["cleanup", "cleanup"]);
  }),

  test("G5: a failing cleanup of a task fails its scope and cancels its siblings", async (watch) => {
    const cleanup = new Error("cleanup");
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).spawn((task) => task.sleep(60_000));
      scope.spawn((task) => task.defer(throwing(cleanup)));
    }));
    assertStrictEquals(error, cleanup);
  }),

  test("G5: under supervise a cleanup error of a task is told with the phase cleanup", async (watch) => {
    const cleanup = new Error("cleanup");
    const recorder = new Recorder();
    await TaskScope.run((scope) => {
      watch(scope).spawn((task) => task.defer(throwing(cleanup)), { name: "bad" });
    }, { policy: "supervise", observer: recorder });
    assertEquals(recorder.errors, [{ error: cleanup, name: "bad", phase: "cleanup" }]);
  }),

  test("G5: an error after abandonment goes to the observer with its phase", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const late = new Error("late");
    const recorder = new Recorder();
    await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(() => gate.promise.then(throwing(late)), { name: "stuck" });
      return ticks().then(() => scope.cancel());
    }, { grace: 5, observer: recorder }));
    gate.resolve();
    await ticks();
    assertEquals(recorder.errors, [{ error: late, name: "stuck", phase: "after-abandon" }]);
  }),

  test("G5: an error after abandonment is not lost without an observer", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const late = new Error("late");
    let opened: TaskScope | undefined;
    const lines = await consoleErrors(async () => {
      await rejection(TaskScope.run((scope) => {
        opened = watch(scope);
        scope.spawn(() => gate.promise.then(throwing(late)), { name: "stuck" });
        return ticks().then(() => scope.cancel());
      }, { grace: 5 }));
      gate.resolve();
      await ticks();
    });
    const told = lines.some((line) => line.includes(late));
    assert(told || opened?.suppressed.includes(late), "neither console.error nor suppressed has it");
  }),

  test("G5: an error after abandonment is kept in suppressed", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const late = new Error("late");
    let opened: TaskScope | undefined;
    await rejection(TaskScope.run((scope) => {
      opened = watch(scope);
      scope.spawn(() => gate.promise.then(throwing(late)), { name: "stuck" });
      return ticks().then(() => scope.cancel());
    }, { grace: 5, observer: { onError() {} } }));
    gate.resolve();
    await ticks();
    assertEquals(opened?.suppressed.at(-1), late);
  }),

  test("G5: two failures of a task and its cleanup: the scope above has the first, none is lost", async (watch) => {
    const [boom, cleanup, body] = [new Error("boom"), new Error("cleanup"), new Error("body")];
    const recorder = new Recorder();
    const error = await rejection(TaskScope.run(async (scope) => {
      watch(scope).spawn((task) => {
        task.defer(throwing(cleanup));
        return Promise.reject(boom);
      });
      await rejection(scope.sleep(60_000));
      throw body;
    }, { observer: recorder }));
    assertStrictEquals(error, boom);
    assertEquals(new Set(recorder.errors.map(({ error }) => error)), new Set([cleanup, body]));
  }),

  test("G5: an observer that throws is reported once and never disturbs the work", async (watch) => {
    const bad = new Error("bad observer");
    const lines = await consoleErrors(async () => {
      const value = await TaskScope.run(async (scope) => {
        const values = [watch(scope).spawn(() => 1), scope.spawn(() => 2)];
        return await Promise.all(values);
      }, {
        observer: {
          onSpawn: throwing(bad),
          onStart: throwing(bad),
          onSettle: throwing(bad),
        },
      });
      assertEquals(value, [1, 2]);
    });
    assertEquals(lines.filter((line) => line.includes(bad)).length, 1);
  }),

  test("G5: an observer whose hook rejects makes no unhandled rejection", async (watch) => {
    const bad = new Error("bad observer");
    const lines = await consoleErrors(async () => {
      await TaskScope.run((scope) => void watch(scope).spawn(() => 1), {
        observer: { onSettle: () => Promise.reject(bad) as unknown as void },
      });
      await turn();
    });
    assertEquals(lines.filter((line) => line.includes(bad)).length, 1);
  }),

  test("G5: an observer that throws in onCancel and onError does not stop the cancellation", async (watch) => {
    const boom = new Error("boom");
    await consoleErrors(async () => {
      const error = await rejection(TaskScope.run((scope) => {
        watch(scope).spawn(failWhenCanceled(new Error("later")));
        scope.spawn((task) => task.sleep(60_000));
        scope.spawn(() => ticks().then(throwing(boom)));
      }, { observer: { onCancel: throwing(1), onError: throwing(2), onSettle: throwing(3) } }));
      assertStrictEquals(error, boom);
    });
  }),
];
