import { CancelReason, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
  FakeLifetime,
  rejection,
  strayErrors,
  test,
  ticks,
  turn,
} from "../assert.ts";

/** Says of a signal that an event reached its listeners. */
function waitForAbort(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(signal.reason)));
}

export const cases: Case[] = [
  test("G14: a forged abort event on an input signal cancels nothing", async (watch) => {
    const controller = new AbortController();
    const value = await TaskScope.run(async (scope) => {
      const task = watch(scope).spawn((own) => own.sleep(5).then(() => own.signal.aborted));
      await ticks();
      controller.signal.dispatchEvent(new Event("abort"));
      assertEquals([scope.state, scope.signal.aborted], ["open", false]);
      return await task;
    }, { signal: controller.signal });
    assertEquals(value, false);
  }),

  test("G14: after a forged event the real abort still cancels", async (watch) => {
    const controller = new AbortController();
    const reason = new Error("real");
    const error = await rejection(TaskScope.run((scope) => {
      const wait = watch(scope).sleep(60_000);
      controller.signal.dispatchEvent(new Event("abort"));
      controller.signal.dispatchEvent(new Event("abort"));
      assertFalse(scope.signal.aborted);
      controller.abort(reason);
      return wait;
    }, { signal: controller.signal }));
    assertStrictEquals(error, reason);
  }),

  test("G14: stopImmediatePropagation on an input signal does not silence it", async (watch) => {
    const controller = new AbortController();
    controller.signal.addEventListener("abort", (event) => event.stopImmediatePropagation());
    const reason = new Error("real");
    const error = await rejection(TaskScope.run((scope) => {
      const wait = watch(scope).sleep(60_000);
      controller.abort(reason);
      assert(scope.signal.aborted);
      return wait;
    }, { signal: controller.signal }));
    assertStrictEquals(error, reason);
  }),

  test("G14: a throwing listener on an input signal does not stop the cancellation", async (watch) => {
    await strayErrors(async () => {
      const controller = new AbortController();
      controller.signal.addEventListener("abort", () => {
        throw new Error("bad listener");
      });
      const reason = new Error("real");
      const error = await rejection(TaskScope.run((scope) => {
        const wait = watch(scope).sleep(60_000);
        controller.abort(reason);
        return wait;
      }, { signal: controller.signal }));
      assertStrictEquals(error, reason);
    });
  }),

  test("G14: methods of an input signal that were replaced do no harm", async (watch) => {
    const controller = new AbortController();
    const { signal } = controller;
    signal.addEventListener = () => {};
    signal.removeEventListener = () => {};
    const reason = new Error("real");
    const error = await rejection(TaskScope.run((scope) => {
      const wait = watch(scope).sleep(60_000);
      controller.abort(reason);
      return wait;
    }, { signal }));
    assertStrictEquals(error, reason);
  }),

  test("G14: a forged abort event on scope.signal cancels no child", async (watch) => {
    const value = await TaskScope.run(async (scope) => {
      const task = watch(scope).spawn(async (own) => {
        await own.sleep(5);
        return own.signal.aborted;
      });
      await ticks();
      scope.signal.dispatchEvent(new Event("abort"));
      assertEquals([scope.state, scope.signal.aborted, task.state], ["open", false, "running"]);
      await scope.abortable(Promise.resolve());
      return await task;
    });
    assertEquals(value, false);
  }),

  test("G14: stopImmediatePropagation on scope.signal does not keep the children from being canceled", async (watch) => {
    const reason = new Error("enough");
    await rejection(TaskScope.run(async (scope) => {
      watch(scope).signal.addEventListener("abort", (event) => event.stopImmediatePropagation());
      const task = scope.spawn((own) => waitForAbort(own.signal));
      const waiting = scope.spawn((own) => own.sleep(60_000));
      const composed = scope.timeoutSignal(60_000);
      await ticks();
      scope.cancel(reason);
      assertStrictEquals(await task, reason);
      assertStrictEquals(await rejection(waiting), reason);
      assertStrictEquals(composed.reason, reason);
    }));
  }),

  test("G14: a throwing listener on scope.signal does not keep the children from being canceled", async (watch) => {
    await strayErrors(async () => {
      const reason = new Error("enough");
      await rejection(TaskScope.run(async (scope) => {
        watch(scope).signal.addEventListener("abort", () => {
          throw new Error("bad listener");
        });
        const first = scope.spawn((own) => {
          own.signal.addEventListener("abort", () => {
            throw new Error("bad listener");
          });
          return own.sleep(60_000);
        });
        const second = scope.spawn((own) => waitForAbort(own.signal));
        await ticks();
        scope.cancel(reason);
        assertStrictEquals(await rejection(first), reason);
        assertStrictEquals(await second, reason);
      }));
    });
  }),

  test("G14: a throwing onabort handler does not stop the failure of a task", async (watch) => {
    await strayErrors(async () => {
      const boom = new Error("boom");
      const error = await rejection(TaskScope.run((scope) => {
        watch(scope).signal.onabort = () => {
          throw new Error("bad handler");
        };
        scope.spawn((own) => own.sleep(60_000));
        scope.spawn(() => ticks().then(() => Promise.reject(boom)));
      }));
      assertStrictEquals(error, boom);
    });
  }),

  test("G14: a listener of a scope's signal that throws does not stop its deadline or its siblings'", async (watch) => {
    await strayErrors(async () => {
      const ends = await TaskScope.run(async (scope) => {
        const tasks = [5, 6, 7].map((deadline) =>
          watch(scope).spawn((own) => {
            own.signal.addEventListener("abort", () => {
              throw new Error("bad listener");
            });
            return own.sleep(60_000);
          }, { deadline })
        );
        return await Promise.all(tasks.map(({ outcome }) => outcome));
      }, { policy: "supervise", observer: { onError() {} } });
      assertEquals(ends.map(({ state }) => state), ["failed", "failed", "failed"]);
    });
  }),

  test("G14: a listener that spawns, cancels and closes during the abort does no harm", async (watch) => {
    const reason = new Error("enough");
    const error = await rejection(TaskScope.run(async (scope) => {
      const task = watch(scope).spawn((own) => own.sleep(60_000));
      scope.signal.addEventListener("abort", () => {
        assertThrows(() => scope.spawn(() => 1));
        task.cancel(new Error("second"));
        void scope.close();
      });
      await ticks();
      scope.cancel(reason);
      assertStrictEquals(await rejection(task), reason);
    }));
    assertStrictEquals(error, reason);
  }),

  test("G14: a forged event on a detached task's or a lifetime's signal ends nothing", async () => {
    const closing = new AbortController();
    const lifetime = new FakeLifetime({ closing: closing.signal });
    const task = await TaskScope.run((scope) => {
      const task = scope.spawnDetached(async (own) => {
        await turn(5);
        return own.signal.aborted;
      }, { deadline: 1_000 });
      return { task };
    }, { lifetime });
    closing.signal.dispatchEvent(new Event("abort"));
    assertEquals(await task.task, false);
    await lifetime.ended();
  }),

  test("G14: every follower of a signal is canceled, also those added and ended by the others", async (watch) => {
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error("client left");
    const scopes = Array.from({ length: 10 }, () => watch(new TaskScope({ signal })));
    const [first, second] = scopes;
    assert(first && second);
    first.signal.addEventListener("abort", () => void second.close());
    controller.abort(reason);
    for (const scope of scopes) {
      assertStrictEquals(scope.signal.reason, reason);
      await scope.close();
    }
  }),

  test("G14: the same signal given twice cancels once", async (watch) => {
    const controller = new AbortController();
    let aborts = 0;
    await rejection(TaskScope.run((scope) => {
      watch(scope).signal.addEventListener("abort", () => void aborts++);
      controller.abort();
      return scope.sleep(1);
    }, { signal: [controller.signal, controller.signal] }));
    assertEquals(aborts, 1);
  }),

  test("G14: a composed input signal cancels with its source's reason", async (watch) => {
    if (AbortSignal.any === undefined) return;
    const controller = new AbortController();
    const reason = new Error("source");
    const error = await rejection(TaskScope.run((scope) => {
      const wait = watch(scope).sleep(60_000);
      controller.abort(reason);
      return wait;
    }, { signal: AbortSignal.any([AbortSignal.any([controller.signal]), new AbortController().signal]) }));
    assertStrictEquals(error, reason);
  }),

  test("G14: an AbortSignal.timeout as input is a TimeoutError, not our deadline", async (watch) => {
    const signal = AbortSignal.timeout(5);
    const error = await rejection(TaskScope.run((scope) => watch(scope).sleep(60_000), { signal }));
    assertStrictEquals(error, signal.reason);
    assertFalse(error instanceof CancelReason);
    assertEquals((error as Error).name, "TimeoutError");
  }),

  test("G14: scope.signal is a standard AbortSignal", async (watch) => {
    await rejection(TaskScope.run((scope) => {
      const { signal } = watch(scope);
      assert(signal instanceof AbortSignal);
      assertStrictEquals<unknown>(scope.signal, signal);
      assertInstanceOf(scope.timeoutSignal(5), AbortSignal);
      scope.cancel();
      assertThrows(() => signal.throwIfAborted(), CancelReason);
      return scope.sleep(1);
    }));
  }),
];
