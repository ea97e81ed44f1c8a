import { type Task, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import { assert, assertEquals, assertFalse, assertStrictEquals, rejection, test, ticks } from "../assert.ts";

function abortError(): DOMException {
  return new DOMException("aborted", "AbortError");
}

/** Cancels a task that fails in the given way once it is aborted. */
async function stateAfter(fail: (reason: unknown) => unknown, watch: <S extends TaskScope>(scope: S) => S) {
  const reason = new Error("enough");
  return await TaskScope.run(async (scope) => {
    const task = watch(scope).spawn(async (own) => {
      await rejection(own.sleep(60_000));
      throw fail(own.signal.reason);
    });
    await ticks();
    task.cancel(reason);
    const { state } = await task.outcome;
    assertEquals(task.state, state);
    return state;
  }, { policy: "supervise", observer: { onError() {} } });
}

export const cases: Case[] = [
  test("G6: rejecting with the reason is cancellation", async (watch) => {
    assertEquals(await stateAfter((reason) => reason, watch), "canceled");
  }),

  test("G6: an error caused by the reason is cancellation, however deep", async (watch) => {
    assertEquals(await stateAfter((cause) => new Error("fetch failed", { cause }), watch), "canceled");
    const deep = (cause: unknown) =>
      new Error("a", { cause: new Error("b", { cause: new TypeError("c", { cause }) }) });
    assertEquals(await stateAfter(deep, watch), "canceled");
  }),

  test("G6: an AbortError or TimeoutError raised after the abort is cancellation", async (watch) => {
    assertEquals(await stateAfter(abortError, watch), "canceled");
    assertEquals(await stateAfter(() => new DOMException("late", "TimeoutError"), watch), "canceled");
    assertEquals(await stateAfter(() => Object.assign(new Error("pg"), { name: "AbortError" }), watch), "canceled");
  }),

  test("G6: any other error after the abort is a failure", async (watch) => {
    assertEquals(await stateAfter(() => new Error("disk full"), watch), "failed");
    assertEquals(await stateAfter(() => new Error("a", { cause: new Error("b") }), watch), "failed");
    assertEquals(await stateAfter(() => undefined, watch), "failed");
    assertEquals(await stateAfter(() => "AbortError", watch), "failed");
  }),

  test("G6: an aggregate with a real error in it is a failure", async (watch) => {
    const mixed = (reason: unknown) => new AggregateError([reason, new Error("disk full")]);
    assertEquals(await stateAfter(mixed, watch), "failed");
    assertEquals(await stateAfter((reason) => new AggregateError([reason, abortError()]), watch), "canceled");
  }),

  test("G6: an error that is its own cause does not hang the scope", async (watch) => {
    const loop = () => {
      const error = new Error("loop");
      error.cause = error;
      return error;
    };
    assertEquals(await stateAfter(loop, watch), "failed");
  }),

  test("G6: a rejection that cannot be looked at does not hang the scope", async (watch) => {
    const hostile = () =>
      new Proxy({}, {
        get() {
          throw new Error("do not touch");
        },
      });
    assertEquals(await stateAfter(hostile, watch), "failed");
  }),

  test("G6: an AbortError out of the blue is a failure", async (watch) => {
    const thrown = abortError();
    let sibling: Task<unknown> | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      sibling = watch(scope).spawn((task) => task.sleep(60_000));
      scope.spawn(() => ticks().then(() => Promise.reject(thrown)));
    }));
    assertStrictEquals(error, thrown);
    assertEquals(sibling?.state, "canceled");
  }),

  test("G6: an AbortError of the body out of the blue is a failure", async (watch) => {
    const thrown = abortError();
    const body = (scope: TaskScope) => {
      watch(scope);
      return Promise.reject(thrown);
    };
    assertStrictEquals(await rejection(TaskScope.run(body)), thrown);
  }),

  test("G6: a TimeoutError of the task's own call is a failure", async (watch) => {
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(() =>
        new Promise((_, reject) => {
          const signal = AbortSignal.timeout(5);
          signal.addEventListener("abort", () => reject(signal.reason));
        })
      );
      scope.spawn((task) => task.sleep(60_000));
    }));
    assertEquals((error as Error).name, "TimeoutError");
  }),

  test("G6: a timeoutSignal that fires is a failure of the task, not a cancellation", async (watch) => {
    const error = await rejection(TaskScope.run((scope) =>
      watch(scope).spawn((task) => {
        const signal = task.timeoutSignal(5);
        return new Promise((_, reject) =>
          signal.addEventListener("abort", () => {
            assertFalse(task.signal.aborted);
            reject(signal.reason);
          })
        );
      })
    ));
    assertEquals((error as Error).name, "TimeoutError");
  }),

  test("G6: the reason of another scope is a failure here", async (watch) => {
    const reason = new Error("not yours");
    const other = watch(new TaskScope());
    other.cancel(reason);
    const error = await rejection(
      TaskScope.run((scope) => void watch(scope).spawn(() => other.signal.throwIfAborted())),
    );
    assertStrictEquals(error, reason);
    await other.close();
  }),

  test("G6: a task that lets the cancellation of another task through has failed", async (watch) => {
    const reason = new Error("only the other");
    await TaskScope.run(async (scope) => {
      const other = watch(scope).spawn((task) => task.sleep(60_000));
      const waiting = scope.spawn(() => other);
      await ticks();
      other.cancel(reason);
      assertEquals(await waiting.outcome, { state: "failed", error: reason });
      assertEquals(scope.counters.canceled, 1);
      assertEquals(scope.counters.failed, 1);
    }, { policy: "supervise", observer: { onError() {} } });
  }),

  test("G6: a real failure during cancellation surfaces instead of the reason", async (watch) => {
    const full = new Error("disk full");
    const error = await rejection(TaskScope.run(async (scope) => {
      watch(scope).spawn(async (task) => {
        await rejection(task.sleep(60_000));
        throw full;
      });
      await ticks();
      scope.cancel();
    }));
    assertStrictEquals(error, full);
  }),

  test("G6: a falsy reason is a reason", async (watch) => {
    for (const reason of [null, 0, "", false]) {
      await TaskScope.run(async (scope) => {
        const task = watch(scope).spawn((own) => own.sleep(60_000));
        await ticks();
        task.cancel(reason);
        const outcome = await task.outcome;
        assert(outcome.state === "canceled");
        assertStrictEquals(outcome.reason, reason);
      });
    }
  }),

  test("G6: run rejects with the reason it was canceled for", async (watch) => {
    const reason = { code: 499 };
    const error = await rejection(TaskScope.run(async (scope) => {
      const task = watch(scope).spawn((own) => own.sleep(60_000));
      await ticks();
      scope.cancel(reason);
      await task;
    }));
    assertStrictEquals(error, reason);
  }),

  test("G6: a canceled scope counts its tasks as canceled, not as failed", async (watch) => {
    let opened: TaskScope | undefined;
    await rejection(TaskScope.run(async (scope) => {
      opened = watch(scope);
      for (let i = 0; i < 4; i++) scope.spawn((task) => task.sleep(60_000));
      await ticks();
      scope.cancel();
    }));
    assertEquals([opened?.counters.canceled, opened?.counters.failed], [4, 0]);
    assertEquals(opened?.suppressed, []);
  }),

  test("G6: a cleanup cut by the cancellation is no failure, and the siblings go on", async (watch) => {
    const values = await TaskScope.run(async (scope) => {
      const canceled = watch(scope).spawn(async (task) => {
        task.defer(() => task.abortable(new Promise(() => {})));
        await task.sleep(60_000);
      });
      const other = scope.spawn(async (task) => {
        await task.sleep(2);
        return "other";
      });
      await ticks();
      canceled.cancel();
      return [(await canceled.outcome).state, await other];
    });
    assertEquals(values, ["canceled", "other"]);
  }),

  test("G6: a time limit behind an error is a failure, an AbortError behind one is cancellation", async () => {
    const outcomes = await Promise.all(["TimeoutError", "AbortError"].map((name) => {
      const wrapped = new Error("wrapped", { cause: new DOMException("call", name) });
      return rejection(TaskScope.run(async (scope) => {
        queueMicrotask(() => scope.cancel("left"));
        await rejection(scope.sleep(60_000));
        throw wrapped;
      })).then((error) => error === wrapped);
    }));
    assertEquals(outcomes, [true, false]);
  }),
];
