import { CancelReason, type Task, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertStrictEquals,
  consoleErrors,
  isSettled,
  Recorder,
  rejection,
  test,
  ticks,
} from "../assert.ts";

export const cases: Case[] = [
  test("G4: a failing task cancels its siblings, with itself as the cause", async (watch) => {
    const boom = new Error("boom");
    let reason: unknown;
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        reason = signal.reason;
        throw reason;
      });
      scope.spawn(() => ticks().then(() => Promise.reject(boom)), { name: "bad" });
    }, { name: "page" }));
    assertStrictEquals(error, boom);
    assertInstanceOf(reason, CancelReason);
    assertEquals([reason.kind, reason.origin, reason.name], ["sibling-failed", "page", "AbortError"]);
    assertStrictEquals(reason.cause, boom);
  }),

  test("G4: the failure is recorded before its siblings are canceled", async (watch) => {
    const boom = new Error("boom");
    const other = new Error("from the abort listener");
    let suppressed: readonly unknown[] | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(({ signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(other)))
      );
      scope.defer(() => void (suppressed = scope.suppressed));
      scope.spawn(() => ticks().then(() => Promise.reject(boom)));
    }));
    assertStrictEquals(error, boom);
    assertEquals(suppressed, [other]);
  }),

  test("G4: run rejects only after the canceled siblings have ended", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const boom = new Error("boom");
    const run = TaskScope.run((scope) => {
      watch(scope).spawn(() => gate.promise);
      scope.spawn(() => Promise.reject(boom));
    });
    assertFalse(await isSettled(run));
    gate.resolve();
    assertStrictEquals(await rejection(run), boom);
  }),

  test("G4: a failure surfaces although somebody caught the task's own rejection", async (watch) => {
    const boom = new Error("boom");
    const error = await rejection(TaskScope.run(async (scope) => {
      await watch(scope).spawn(() => Promise.reject(boom)).catch(() => {});
      return "value";
    }));
    assertStrictEquals(error, boom);
  }),

  test("G4: a failing body counts as a child: the tasks are canceled with it as the cause", async (watch) => {
    const boom = new Error("boom");
    let task: Task<unknown> | undefined;
    const error = await rejection(TaskScope.run(async (scope) => {
      task = watch(scope).spawn((own) => own.sleep(1_000));
      await ticks();
      throw boom;
    }, { name: "page" }));
    assertStrictEquals(error, boom);
    const reason = await rejection(task as Task<unknown>);
    assertInstanceOf(reason, CancelReason);
    assertEquals([reason.kind, reason.origin], ["body-failed", "page"]);
    assertStrictEquals(reason.cause, boom);
  }),

  test("G4: a failing task cancels the body of its scope, too", async (watch) => {
    const boom = new Error("boom");
    const error = await rejection(TaskScope.run(async (scope) => {
      watch(scope).spawn(() => Promise.reject(boom));
      const reason = await rejection(scope.sleep(60_000));
      assertStrictEquals(reason, scope.signal.reason);
      assertStrictEquals((reason as Error).cause, boom);
      throw reason;
    }));
    assertStrictEquals(error, boom);
  }),

  test("G4: the first failure is the one that surfaces, also if a later one comes from an earlier task", async (watch) => {
    const first = new Error("first");
    const second = new Error("second");
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(({ signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(second)))
      );
      scope.spawn(() => ticks().then(() => Promise.reject(first)));
    }));
    assertStrictEquals(error, first);
  }),

  test("G4: a failure goes up through every level and cancels the siblings at each", async (watch) => {
    const boom = new Error("boom");
    const reasons: string[] = [];
    const wait = async (scope: TaskScope) => {
      const reason = await rejection(scope.sleep(60_000));
      assertInstanceOf(reason, CancelReason);
      assertStrictEquals(reason.cause, boom);
      reasons.push(reason.origin);
      throw reason;
    };
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(wait);
      scope.spawn((middle) => {
        middle.spawn(wait);
        middle.spawn(() => ticks().then(() => Promise.reject(boom)));
      }, { name: "middle" });
    }, { name: "top" }));
    assertStrictEquals(error, boom);
    assertEquals(reasons, ["top/middle", "top"]);
  }),

  test("G4: the parent is failed by a child only once that child's own tasks have ended", async (watch) => {
    const gate = Promise.withResolvers<void>();
    let reached = false;
    const run = TaskScope.run((scope) => {
      watch(scope).signal.addEventListener("abort", () => void (reached = true));
      scope.spawn((child) => {
        child.spawn(() => gate.promise);
        child.spawn(() => Promise.reject(new Error("boom")));
      });
    });
    assertFalse(await isSettled(run));
    gate.resolve();
    await rejection(run);
    assert(reached);
  }),

  test("G4: queued siblings of a failing task never run", async (watch) => {
    const boom = new Error("boom");
    const ran: number[] = [];
    const tasks: Task<unknown>[] = [];
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(() => Promise.reject(boom));
      for (let i = 0; i < 5; i++) tasks.push(scope.spawn(() => void ran.push(i)));
    }, { concurrency: 1 }));
    assertStrictEquals(error, boom);
    assertEquals(ran, []);
    for (const task of tasks) assertStrictEquals((await rejection(task) as Error).cause, boom);
  }),

  test("G4: two tasks that fail in the same turn: the first is primary, the other suppressed", async (watch) => {
    const errors = [new Error("a"), new Error("b"), new Error("c")];
    let opened: TaskScope | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      opened = watch(scope);
      for (const each of errors) scope.spawn(() => ticks(3).then(() => Promise.reject(each)));
    }));
    assertStrictEquals(error, errors[0]);
    assertEquals(opened?.suppressed, errors.slice(1));
    assertEquals(opened?.counters.failed, 3);
  }),

  test("G4: a body that passes on the failure of its task adds nothing to it", async (watch) => {
    const boom = new Error("boom");
    const recorder = new Recorder();
    let opened: TaskScope | undefined;
    const error = await rejection(TaskScope.run(async (scope) => {
      opened = watch(scope);
      await scope.spawn(() => Promise.reject(boom));
    }, { observer: recorder }));
    assertStrictEquals(error, boom);
    assertEquals([opened?.suppressed.length, recorder.errors.length], [0, 0]);
  }),

  test("G4: a task canceled by hand is no failure of its scope", async (watch) => {
    const value = await TaskScope.run(async (scope) => {
      const task = watch(scope).spawn((own) => own.sleep(1_000));
      await ticks();
      task.cancel();
      await task.outcome;
      assertFalse(scope.signal.aborted);
      return "value";
    });
    assertEquals(value, "value");
  }),

  test("G4: a task that canceled itself by its own scope is no failure of the scope above", async (watch) => {
    const value = await TaskScope.run(async (scope) => {
      const task = watch(scope).spawn((own) => {
        own.cancel();
        return own.sleep(1_000);
      });
      assertEquals((await task.outcome).state, "canceled");
      return "value";
    });
    assertEquals(value, "value");
  }),

  test("G4: supervise lets the siblings of a failing task go on", async (watch) => {
    const boom = new Error("boom");
    const recorder = new Recorder();
    const value = await TaskScope.run(async (scope) => {
      watch(scope).spawn(() => Promise.reject(boom), { name: "bad" });
      const good = scope.spawn(() => ticks().then(() => "good"));
      assertEquals(await good, "good");
      assertFalse(scope.signal.aborted);
      return "value";
    }, { policy: "supervise", observer: recorder });
    assertEquals(value, "value");
    assertEquals(recorder.errors, [{ error: boom, name: "bad", phase: "body" }]);
  }),

  test("G4: supervise tells the observer of each failure once, awaited or not", async (watch) => {
    const recorder = new Recorder();
    await TaskScope.run(async (scope) => {
      watch(scope).spawn(() => Promise.reject(new Error("a")), { name: "a" });
      await rejection(scope.spawn(() => Promise.reject(new Error("b")), { name: "b" }));
      await ticks();
    }, { policy: "supervise", observer: recorder });
    assertEquals(recorder.errors.map(({ name }) => name).toSorted(), ["a", "b"]);
  }),

  test("G4: supervise without an observer does not lose a failure nobody awaits", async (watch) => {
    const boom = new Error("boom");
    const lines = await consoleErrors(async () => {
      await TaskScope.run((scope) => void watch(scope).spawn(() => Promise.reject(boom), { name: "bad" }), {
        policy: "supervise",
      });
    });
    assertEquals(lines.filter((line) => line.includes(boom)).length, 1);
  }),

  test("G4: under supervise a failing body still cancels the children and surfaces", async (watch) => {
    const boom = new Error("boom");
    let task: Task<unknown> | undefined;
    const error = await rejection(TaskScope.run(async (scope) => {
      task = watch(scope).spawn((own) => own.sleep(60_000));
      await ticks();
      throw boom;
    }, { policy: "supervise" }));
    assertStrictEquals(error, boom);
    assertEquals(task?.state, "canceled");
  }),

  test("G4: under supervise a body that lets a task's failure through fails with it", async (watch) => {
    const boom = new Error("boom");
    const error = await rejection(
      TaskScope.run((scope) => watch(scope).spawn(() => Promise.reject(boom)), {
        policy: "supervise",
        observer: { onError() {} },
      }),
    );
    assertStrictEquals(error, boom);
  }),

  test("G4: any value may be thrown, also undefined and null", async (watch) => {
    for (const thrown of [undefined, null, 0, "", false, Symbol("s")]) {
      const result = await TaskScope.run((scope) => {
        watch(scope).spawn(() => Promise.reject(thrown));
        scope.spawn((own) => own.sleep(60_000));
      }).then(() => "resolved", (error) => ({ error }));
      assertEquals(result, { error: thrown });
    }
  }),

  test("G4: a failing body whose error nobody awaits yet is not reported twice", async (watch) => {
    const boom = new Error("boom");
    const recorder = new Recorder();
    const lines = await consoleErrors(async () => {
      await rejection(TaskScope.run((scope) => {
        watch(scope).spawn(() => Promise.reject(boom));
      }, { observer: recorder }));
    });
    assertEquals([recorder.errors, lines], [[], []]); // it surfaces, so the observer's onError is not for it
  }),
];
