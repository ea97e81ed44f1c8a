import { AbandonedTasksError, DeadlineExceededError, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertGreaterOrEqual,
  assertInstanceOf,
  assertLess,
  assertStrictEquals,
  FakeLifetime,
  isSettled,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";

export const cases: Case[] = [
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

  test("G9: without any grace, whoever heeds a deadline at once is not abandoned", async (watch) => {
    const abandoned: string[] = [];
    const one = () =>
      rejection(TaskScope.run((scope) => watch(scope).spawn((task) => task.sleep(60_000)), {
        deadline: 2,
        grace: 0,
        observer: { onAbandon: ({ path }) => void abandoned.push(path) },
      }));
    const errors = await Promise.all(Array.from({ length: 20 }, one));
    for (const error of errors) assertInstanceOf(error, DeadlineExceededError);
    assertEquals(abandoned, []);
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
];
