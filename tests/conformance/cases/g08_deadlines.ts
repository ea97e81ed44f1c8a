import { DeadlineExceededError, type Task, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  assertLessOrEqual,
  assertStrictEquals,
  rejection,
  test,
} from "../assert.ts";

export const cases: Case[] = [
  test("G8: an expired deadline is a failure with the name of its scope and its moment", async (watch) => {
    let deadline: Date | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      deadline = watch(scope).deadline;
      return scope.sleep(60_000);
    }, { deadline: 5, name: "page" }));
    assertInstanceOf(error, DeadlineExceededError);
    assertEquals([error.origin, error.deadline], ["page", deadline]);
    assert(error.message.includes('"page"'), error.message);
  }),

  test("G8: deadlines nest as the minimum", async (watch) => {
    await TaskScope.run(async (scope) => {
      const outer = watch(scope).deadline?.getTime() ?? NaN;
      await scope.spawn((task) => assertEquals(task.deadline?.getTime(), outer));
      await scope.spawn((task) => assertEquals(task.deadline?.getTime(), outer), { deadline: 60_000 });
      await scope.spawn(async (task) => {
        assert((task.deadline?.getTime() ?? NaN) < outer);
        const own = task.deadline?.getTime();
        await task.spawn((grandchild) => assertEquals(grandchild.deadline?.getTime(), own), { deadline: 20_000 });
      }, { deadline: 1_000 });
    }, { deadline: 10_000 });
  }),

  test("G8: the error names whose deadline it was: the parent's", async (watch) => {
    let task: Task<unknown> | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      task = watch(scope).spawn((own) => own.sleep(60_000), { deadline: 60_000, name: "child" });
      return task;
    }, { deadline: 5, name: "parent" }));
    assertInstanceOf(error, DeadlineExceededError);
    assertEquals(error.origin, "parent");
    assertStrictEquals(await rejection(task as Task<unknown>), error);
    assertEquals(task?.state, "canceled"); // not its deadline, not its failure
  }),

  test("G8: the error names whose deadline it was: the child's", async (watch) => {
    let child: Task<unknown> | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      child = watch(scope).spawn((own) => own.sleep(60_000), { deadline: 5, name: "child" });
    }, { deadline: 60_000, name: "parent" }));
    assertInstanceOf(error, DeadlineExceededError);
    assertEquals([error.origin, child?.state], ["parent/child", "failed"]);
  }),

  test("G8: the expired deadline of a task cancels its siblings, with it as the cause", async (watch) => {
    let sibling: Task<unknown> | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      sibling = watch(scope).spawn((own) => own.sleep(60_000));
      scope.spawn((own) => own.sleep(60_000), { deadline: 5 });
    }));
    assertInstanceOf(error, DeadlineExceededError);
    assertStrictEquals((await rejection(sibling as Task<unknown>) as Error).cause, error);
  }),

  test("G8: the expired deadline of a supervised task leaves the others alone", async (watch) => {
    const value = await TaskScope.run(async (scope) => {
      const late = watch(scope).spawn((own) => own.sleep(60_000), { deadline: 5 });
      const outcome = await late.outcome;
      assert(outcome.state === "failed");
      assertInstanceOf(outcome.error, DeadlineExceededError);
      return await scope.spawn(() => "good");
    }, { policy: "supervise", observer: { onError() {} } });
    assertEquals(value, "good");
  }),

  test("G8: all forms of a deadline mean what they say", async (watch) => {
    const now = Date.now();
    const forms: [deadline: object | number, least: number][] = [
      [5_000, now + 5_000],
      [{ seconds: 5 }, now + 5_000],
      [{ minutes: 1, seconds: 1, milliseconds: 1 }, now + 61_001],
      [{ hours: 2 }, now + 7_200_000],
      [{ seconds: undefined, milliseconds: 7_000 }, now + 7_000],
      [{ seconds: 0.5 }, now + 500],
      [new Date(now + 9_000), now + 9_000],
      [{ epochMilliseconds: now + 9_000 }, now + 9_000],
      [{ total: () => 4_000 }, now + 4_000],
    ];
    for (const [deadline, least] of forms) {
      await TaskScope.run((scope) => {
        const at = watch(scope).deadline?.getTime() ?? NaN;
        assertGreaterOrEqual(at, Math.floor(least));
        assertLessOrEqual(at, least + 5_000);
        assertGreater(scope.remaining(), 0);
        assertLessOrEqual(scope.remaining(), at - now);
      }, { deadline: deadline as Date });
    }
  }),

  test("G8: Temporal durations and instants work where there is Temporal", async (watch) => {
    const { Temporal } = globalThis as unknown as {
      Temporal?: {
        Duration: { from(parts: object): { total(options: object): number } };
        Instant: { fromEpochMilliseconds(ms: number): { epochMilliseconds: number } };
      };
    };
    if (Temporal === undefined) return;
    const at = Date.now() + 60_000;
    await TaskScope.run((scope) => {
      assertEquals(watch(scope).deadline?.getTime(), at);
    }, { deadline: Temporal.Instant.fromEpochMilliseconds(at) });
    await TaskScope.run((scope) => {
      assertGreaterOrEqual(watch(scope).deadline?.getTime() ?? NaN, at);
    }, { deadline: Temporal.Duration.from({ minutes: 2 }) as { total(options: { unit: "milliseconds" }): number } });
  }),

  test("G8: without a deadline there is none", async (watch) => {
    await TaskScope.run((scope) => {
      assertEquals([watch(scope).deadline, scope.remaining(), scope.tree().remaining], [undefined, Infinity, null]);
    });
  }),

  test("G8: run with a deadline of zero, below or in the past: rejects, the body is not called", async () => {
    let ran = false;
    for (const deadline of [0, -1, -1e9, { seconds: 0 }, { minutes: -1 }, new Date(0), new Date(Date.now() - 1)]) {
      const error = await rejection(TaskScope.run(() => void (ran = true), { deadline, name: "page" }));
      assertInstanceOf(error, DeadlineExceededError);
      assertEquals(error.origin, "page");
    }
    assertFalse(ran);
  }),

  test("G8: spawn with a deadline of zero or in the past: the handle rejects, fn is not called", async (watch) => {
    let ran = false;
    await TaskScope.run(async (scope) => {
      for (const deadline of [0, -1, new Date(0)]) {
        const task = watch(scope).spawn(() => void (ran = true), { deadline, name: "late" });
        const error = await rejection(task);
        assertInstanceOf(error, DeadlineExceededError);
        assertEquals([error.origin, task.state], ["page/late", "failed"]);
      }
    }, { policy: "supervise", observer: { onError() {} }, name: "page" });
    assertFalse(ran);
  }),

  test("G8: a task whose deadline has passed at its spawn fails its scope", async (watch) => {
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(() => 1, { deadline: 0 });
      scope.spawn((own) => own.sleep(60_000));
    }));
    assertInstanceOf(error, DeadlineExceededError);
  }),

  test("G8: a scope opened with a past deadline takes no task, and says why", async (watch) => {
    const scope = watch(new TaskScope({ deadline: 0, name: "late" }));
    assertInstanceOf(scope.signal.reason, DeadlineExceededError);
    let error: unknown;
    try {
      scope.spawn(() => 1);
    } catch (thrown) {
      error = thrown;
    }
    assertStrictEquals((error as Error).cause, scope.signal.reason);
    await scope.close();
  }),

  test("G8: a run that ends with a value after its deadline keeps it", async (watch) => {
    const value = await TaskScope.run(async (scope) => {
      await rejection(watch(scope).sleep(60_000));
      return "value";
    }, { deadline: 5 });
    assertEquals(value, "value");
  }),

  test("G8: a deadline never fires early", async (watch) => {
    await TaskScope.run(async (scope) => {
      for (let ms = 1; ms <= 8; ms++) {
        const task = watch(scope).spawn(
          ({ signal, deadline }) =>
            new Promise<[number, number]>((resolve) =>
              signal.addEventListener("abort", () => resolve([Date.now(), deadline?.getTime() ?? NaN]))
            ),
          { deadline: ms },
        );
        const [fired, deadline] = await task;
        assertGreaterOrEqual(fired, deadline);
      }
    });
  }),

  test("G8: many deadlines fire in their order, whatever the order of the spawns", async (watch) => {
    const order: number[] = [];
    await TaskScope.run((scope) => {
      const start = Date.now() + 5;
      for (const at of [7, 1, 9, 3, 5, 0, 8, 2, 6, 4]) {
        watch(scope).spawn(async (task) => {
          await rejection(task.sleep(60_000));
          order.push(at);
        }, { deadline: new Date(start + 2 * at) });
      }
    });
    assertEquals(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }),

  test("G8: the deadline of a scope made with new cancels its tasks, and join says so", async (watch) => {
    const scope = watch(new TaskScope({ deadline: 5, name: "manual" }));
    const task = scope.spawn((own) => own.sleep(60_000));
    const error = await rejection(scope.join());
    assertInstanceOf(error, DeadlineExceededError);
    assertEquals([error.origin, task.state], ["manual", "canceled"]);
  }),
];
