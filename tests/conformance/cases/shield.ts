import { AbandonedTasksError, DeadlineExceededError, type Task, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertStrictEquals,
  isSettled,
  Recorder,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";

const deadline = 10_000;

export const cases: Case[] = [
  test("G9: a shield hides outer cancellation, and the scope waits for it", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const client = new AbortController();
    let written = false;
    const run = TaskScope.run((scope) =>
      watch(scope).shield(async ({ signal }) => {
        await gate.promise;
        written = !signal.aborted;
        return "written";
      }, { deadline }), { signal: client.signal });
    await ticks();
    client.abort();
    assertFalse(await isSettled(run));
    gate.resolve();
    assertEquals([await run, written], ["written", true]);
  }),

  test("G9: a shield hides the outer deadline", async (watch) => {
    const value = await TaskScope.run((scope) =>
      watch(scope).shield(async (own) => {
        assert((own.deadline?.getTime() ?? NaN) > (scope.deadline?.getTime() ?? NaN));
        await turn(15);
        return own.signal.aborted;
      }, { deadline }), { deadline: 5 });
    assertEquals(value, false);
  }),

  test("G9: a shield outlasts grace", async (watch) => {
    const recorder = new Recorder();
    const reason = new Error("enough");
    let opened: TaskScope | undefined;
    const value = await TaskScope.run((scope) => {
      opened = watch(scope);
      const shielded = scope.shield(async () => {
        await turn(25);
        return "written";
      }, { deadline });
      scope.cancel(reason);
      return shielded;
    }, { grace: 5, observer: recorder });
    assertEquals([value, recorder.abandoned, opened?.suppressed], ["written", [], []]);
  }),

  test("G9: a task that waits for its shield is not abandoned, however long that takes", async (watch) => {
    const recorder = new Recorder();
    await TaskScope.run(async (scope) => {
      const task = watch(scope).spawn(async (own) => {
        await own.shield(() => turn(25), { deadline });
        return "committed";
      });
      await ticks();
      scope.cancel();
      assertEquals([await task, task.late], ["committed", true]);
    }, { grace: 5, observer: recorder });
    assertEquals(recorder.abandoned, []);
  }),

  test("G9: a shield deep below keeps those above it from being abandoned, but not its cousins", async (watch) => {
    const stuck = Promise.withResolvers<void>();
    let shielded: Task<string> | undefined;
    let cousin: Task<void> | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      shielded = watch(scope).spawn((child) =>
        child.spawn((grandchild) => grandchild.shield(() => turn(25).then(() => "written"), { deadline }))
      );
      cousin = scope.spawn(() => stuck.promise, { name: "cousin" });
      return ticks().then(() => scope.cancel());
    }, { grace: 5 }));
    assertInstanceOf(error, AbandonedTasksError);
    assertEquals(error.tasks.map(({ name }) => name), ["cousin"]);
    assertEquals([shielded?.state, cousin?.state], ["succeeded", "abandoned"]);
    stuck.resolve();
  }),

  test("G9: what is stuck after its shield has ended is abandoned after grace all the same", async (watch) => {
    const stuck = Promise.withResolvers<void>();
    let task: Task<void> | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      task = watch(scope).spawn(async (own) => {
        await own.shield(() => turn(15), { deadline });
        await stuck.promise;
      }, { name: "stuck" });
      return ticks().then(() => scope.cancel());
    }, { grace: 5 }));
    assertInstanceOf(error, AbandonedTasksError);
    assertEquals([error.tasks.map(({ name }) => name), task?.state], [["stuck"], "abandoned"]);
    stuck.resolve();
  }),

  test("G9: a shield is bounded by its own deadline", async (watch) => {
    const error = await rejection(
      TaskScope.run((scope) => watch(scope).shield((own) => own.sleep(60_000), { deadline: 5, name: "write" }), {
        name: "page",
      }),
    );
    assertInstanceOf(error, DeadlineExceededError);
    assertEquals(error.origin, "page/write");
  }),

  test("G9: a shield that ignores its deadline is abandoned after deadline plus grace", async (watch) => {
    const stuck = Promise.withResolvers<void>();
    const recorder = new Recorder();
    const error = await rejection(
      TaskScope.run((scope) => watch(scope).shield(() => stuck.promise, { deadline: 5, name: "write" }), {
        grace: 5,
        observer: recorder,
      }),
    );
    assertInstanceOf(error, DeadlineExceededError);
    assertEquals(recorder.abandoned.map(({ name }) => name), ["write"]);
    stuck.resolve();
    await ticks();
  }),

  test("G9: a stuck shield in a canceled scope is bounded by deadline plus grace, too", async (watch) => {
    const stuck = Promise.withResolvers<void>();
    let opened: TaskScope | undefined;
    await rejection(TaskScope.run((scope) => {
      opened = watch(scope);
      const shielded = scope.shield(() => stuck.promise, { deadline: 10, name: "write" });
      scope.cancel();
      return shielded;
    }, { grace: 5 }));
    assertEquals(opened?.counters.abandoned, 1);
    stuck.resolve();
    await ticks();
  }),

  test("G9: a shield may be opened after its sibling failed", async (watch) => {
    const boom = new Error("boom");
    let value: unknown;
    const error = await rejection(TaskScope.run(async (scope) => {
      watch(scope).spawn(() => Promise.reject(boom));
      await rejection(scope.sleep(60_000));
      value = await scope.shield((own) => own.sleep(1).then(() => "rolled back"), { deadline });
    }));
    assertStrictEquals(error, boom);
    assertEquals(value, "rolled back");
  }),

  test("G9: what a shield spawned is not reached from outside either", async (watch) => {
    const reason = new Error("enough");
    const value = await TaskScope.run((scope) => {
      const shielded = watch(scope).shield(async (own) => {
        const child = own.spawn((task) =>
          task.spawn(async ({ signal }) => {
            await turn(5);
            return signal.aborted;
          })
        );
        await ticks();
        scope.cancel(reason);
        assertFalse(own.signal.aborted);
        return await child;
      }, { deadline });
      return shielded;
    });
    assertEquals(value, false);
  }),

  test("G9: a shield can be canceled from inside", async (watch) => {
    const reason = new Error("from inside");
    await TaskScope.run(async (scope) => {
      const error = await rejection(
        watch(scope).shield((own) => {
          own.cancel(reason);
          return own.sleep(1);
        }, { deadline }),
      );
      assertStrictEquals(error, reason);
      assertFalse(scope.signal.aborted);
    });
  }),

  test("G9: the failure of a shield belongs to whoever awaits it", async (watch) => {
    const boom = new Error("boom");
    const value = await TaskScope.run(async (scope) => {
      const error = await rejection(watch(scope).shield(() => Promise.reject(boom), { deadline }));
      assertStrictEquals(error, boom);
      assertFalse(scope.signal.aborted);
      return "went on";
    });
    assertEquals(value, "went on");
  }),

  test("G9: the failure of a shield nobody awaits is a failure of its scope", async (watch) => {
    const boom = new Error("boom");
    const error = await rejection(TaskScope.run((scope) => {
      void watch(scope).shield(() => Promise.reject(boom), { deadline });
    }));
    assertStrictEquals(error, boom);
  }),

  test("G9: a shield inside a shield hides the outer one's deadline", async (watch) => {
    await TaskScope.run(async (scope) => {
      const outer = watch(scope).shield(async (own) => {
        const inner = own.shield(async ({ signal }) => {
          await turn(15);
          return signal.aborted;
        }, { deadline });
        return await inner;
      }, { deadline: 5 });
      assertEquals(await outer, false);
    });
  }),
];
