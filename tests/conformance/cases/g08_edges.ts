import { DeadlineExceededError, type TaskFunction, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  block,
  FakeLifetime,
  rejection,
  test,
  turn,
} from "../assert.ts";

/** Until it is canceled. */
const waiting = (task: TaskScope): Promise<void> => task.sleep(60_000);

export const cases: Case[] = [
  test("G8: of two deadlines at the same moment the outer one is named", async (watch) => {
    const deadline = new Date(Date.now() + 200);
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).spawn((task) => task.sleep(60_000), { deadline, name: "inner" });
    }, { deadline, name: "outer" }));
    assertInstanceOf(error, DeadlineExceededError);
    assertEquals([error.origin, error.deadline], ["outer", deadline]);
    assertEquals(error.message, `The deadline of "outer" passed at ${deadline.toISOString()}`);
  }),

  test("G8: a task that is too late is not started, also where the deadline above has passed unnoticed", async (watch) => {
    let started = false;
    let error: unknown;
    await rejection(TaskScope.run(async (scope) => {
      if (!block(15)) return scope.sleep(60_000);
      error = await rejection(watch(scope).spawn(() => void (started = true), { deadline: 0, name: "late" }));
    }, { deadline: 5, name: "scope" }));
    if (error === undefined) return; // the clock stands still
    assertInstanceOf(error, DeadlineExceededError);
    assertEquals([error.origin, started], ["scope/late", false]);
  }),

  test("G8: a task that is too late takes no deadline of another with it", async (watch) => {
    await TaskScope.run(async (scope) => {
      const other = watch(scope).spawn((task) => task.sleep(60_000), { deadline: 20, name: "other" });
      const late = scope.spawn(() => 1, { deadline: 0, name: "late" });
      assertInstanceOf(await rejection(late), DeadlineExceededError);
      const error = await rejection(other);
      assertInstanceOf(error, DeadlineExceededError);
      assertEquals(error.origin, "scope/other");
    }, { policy: "supervise", observer: { onError() {} }, name: "scope" });
  }),

  test("G8: a deadline that passes while a canceled task cleans up does not make it a failure", async (watch) => {
    const reason = new Error("enough");
    let state = "";
    const error = await rejection(TaskScope.run(async (scope) => {
      const task = watch(scope).spawn(async (own) => {
        const reason = await rejection(own.sleep(60_000));
        await turn(180);
        throw reason;
      }, { deadline: 150 });
      await turn(1);
      scope.cancel(reason);
      ({ state } = await task.outcome);
    }));
    assertEquals(state, "canceled");
    assertStrictEquals(error, reason);
  }),

  test("G8: a canceled scope that nobody closes keeps no timer for its deadline", () => {
    const scope = new TaskScope({ deadline: 60_000 });
    scope.cancel();
    assertEquals(scope.state, "canceling"); // and the runtime, or its tests, would see a timer
  }),

  test("G8: a promise that settles twice settles its task once", async () => {
    class Twice<T> extends Promise<T> {
      static override get [Symbol.species](): PromiseConstructor {
        return Promise;
      }
      override then<A = T, B = never>(
        onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
        onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
      ): Promise<A | B> {
        onFulfilled?.("first" as T);
        onRejected?.(new Error("second"));
        return super.then(onFulfilled, onRejected);
      }
    }
    await TaskScope.run(async (scope) => {
      const task = scope.spawn(() => new Twice<string>((resolve) => resolve("third")));
      assertEquals(await task, "first");
      assertEquals(scope.counters.succeeded, 1);
    });
  }),

  test("G8: the expired deadline of a shield in a canceled scope is a failure, not its cancellation", async () => {
    const undo = (scope: TaskScope): Promise<void> => scope.shield(waiting, { deadline: 2, name: "undo" });
    const bodies: TaskFunction<void>[] = [
      async (scope) => {
        await rejection(scope.sleep(60_000));
        await undo(scope);
      },
      (scope) => {
        scope.defer(() => undo(scope));
        return scope.sleep(60_000);
      },
    ];
    for (const body of bodies) {
      const error = await rejection(TaskScope.run((scope) => {
        queueMicrotask(() => scope.cancel("left"));
        return body(scope);
      }, { name: "page" }));
      assertInstanceOf(error, DeadlineExceededError);
      assertEquals(error.origin, "page/undo");
    }
  }),

  test("G8: with inheritDeadline the error names whose deadline it was", async () => {
    const lifetime = new FakeLifetime();
    const scope = new TaskScope({ lifetime, deadline: 50, name: "page" });
    const task = scope.spawnDetached(waiting, { deadline: 60_000, inheritDeadline: true, name: "audit" });
    const outcome = await task.outcome;
    assert(outcome.state === "failed" && outcome.error instanceof DeadlineExceededError);
    assertEquals(outcome.error.origin, "page");
    await scope.close();
  }),
];
