import { DeadlineExceededError, type Task, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertStrictEquals,
  block,
  rejection,
  test,
  ticks,
} from "../assert.ts";

export const cases: Case[] = [
  test("G8: an expired deadline is never silent: the body returned, a child was cut", async (watch) => {
    let task: Task<unknown> | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      task = watch(scope).spawn((own) => own.sleep(60_000));
      return "value";
    }, { deadline: 5 }));
    assertInstanceOf(error, DeadlineExceededError);
    assertEquals(task?.state, "canceled");
  }),

  test("G8: a cancellation that cut nothing changes nothing: the value of run is kept", async (watch) => {
    const value = await TaskScope.run(async (scope) => {
      const task = watch(scope).spawn(() => ticks().then(() => "child"));
      scope.cancel();
      return `${"body"}, ${await task.outcome.then(({ state }) => state)}`;
    }).catch((error) => error);
    assertInstanceOf(value, Error); // the child never started: that was cut
    const kept = await TaskScope.run(async (scope) => {
      const task = watch(scope).spawn(() => ticks().then(() => "child"));
      await ticks(2);
      scope.cancel();
      return `body, ${await task}`;
    });
    assertEquals(kept, "body, child");
  }),

  test("G8: a task that ends with a value although canceled is kept, and flagged late", async (watch) => {
    const gate = Promise.withResolvers<string>();
    await TaskScope.run(async (scope) => {
      const task = watch(scope).spawn(() => gate.promise);
      await ticks();
      task.cancel();
      gate.resolve("value");
      assertEquals(await task.outcome, { state: "succeeded", value: "value", late: true });
      assertEquals([task.state, task.late, await task], ["succeeded", true, "value"]);
      assertEquals(scope.counters.succeeded, 1);
    });
  }),

  test("G8: a task that ends with a value after its deadline is kept, and flagged late", async (watch) => {
    const value = await TaskScope.run(async (scope) => {
      const task = watch(scope).spawn(async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return "value";
      }, { deadline: 5 });
      assertEquals([await task, task.late], ["value", true]);
      return "body";
    });
    assertEquals(value, "body");
  }),

  test("G8: one child that was cut makes run reject with the reason, though the body has a value", async (watch) => {
    const reason = new Error("enough");
    const error = await rejection(TaskScope.run(async (scope) => {
      watch(scope).spawn((own) => own.sleep(60_000));
      const good = scope.spawn(() => ticks(20));
      await ticks(5);
      scope.cancel(reason);
      await good;
      return "value";
    }));
    assertStrictEquals(error, reason);
  }),

  test("G8: a grandchild that was cut counts, though its parents swallowed it", async (watch) => {
    const reason = new Error("enough");
    const error = await rejection(TaskScope.run(async (scope) => {
      watch(scope).spawn((child) => {
        child.spawn((own) => own.sleep(60_000));
        return "value";
      });
      await ticks();
      scope.cancel(reason);
    }));
    assertStrictEquals(error, reason);
  }),

  test("G8: a child canceled on its own before is not what the scope's cancellation cut", async (watch) => {
    const value = await TaskScope.run(async (scope) => {
      const task = watch(scope).spawn((own) => own.sleep(60_000));
      await ticks();
      task.cancel();
      await task.outcome;
      scope.cancel();
      return "value";
    });
    assertEquals(value, "value");
  }),

  test("G8: join of a canceled scope in which nothing was cut resolves", async (watch) => {
    const scope = watch(new TaskScope());
    const task = scope.spawn(() => ticks().then(() => "value"));
    await ticks(2);
    scope.cancel();
    await scope.join();
    assertEquals([await task, task.late], ["value", true]);
  }),

  test("G8: join of a canceled scope in which something was cut rejects with the reason", async (watch) => {
    const reason = new Error("enough");
    const scope = watch(new TaskScope());
    scope.spawn((own) => own.sleep(60_000));
    await ticks();
    scope.cancel(reason);
    assertStrictEquals(await rejection(scope.join()), reason);
  }),

  test("G8: what ends in time is not late", async (watch) => {
    await TaskScope.run(async (scope) => {
      const task = watch(scope).spawn(() => 1, { deadline: 10_000 });
      await task;
      assertFalse(task.late);
      scope.cancel();
      assertFalse(task.late);
    });
  }),

  test("G8: a value that comes late because the thread was blocked is kept, and flagged late", async (watch) => {
    await TaskScope.run(async (scope) => {
      let blocked = false;
      const task = watch(scope).spawn(() => {
        blocked = block(12);
        return "value";
      }, { deadline: 4 });
      assertEquals(await task, "value");
      if (blocked) assert(task.late);
    });
  }),

  test("G8: late counts from the nearest deadline, also one of the scope above", async (watch) => {
    let task: Task<string> | undefined;
    let blocked = false;
    const value = await TaskScope.run(async (scope) => {
      task = watch(scope).spawn(() => {
        blocked = block(12);
        return "value";
      });
      return await task;
    }, { deadline: 4 });
    assertEquals(value, "value");
    if (blocked) assert(task?.late);
  }),
];
