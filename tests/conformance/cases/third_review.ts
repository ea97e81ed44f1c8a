/** What a third review found: each was a bug. */
import {
  any,
  CancelReason,
  DeadlineExceededError,
  hedge,
  map,
  processLifetime,
  race,
  retry,
  ScopeError,
  type TaskFunction,
  TaskScope,
} from "@taskscope/taskscope";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  consoleErrors,
  FakeLifetime,
  isWorkerd,
  Recorder,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";
import type { Case } from "../case.ts";

const boom = new Error("boom");

/** Fails with an error of its own when it is canceled, a little later. */
const failing: TaskFunction<void> = async (task) => {
  await rejection(task.sleep(60_000));
  await turn(1);
  throw boom;
};
const waiting: TaskFunction<void> = (task) => task.sleep(60_000);

export const cases: Case[] = [
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

  test("G5: what an attempt throws on its way out surfaces from a canceled race, any and hedge", async () => {
    const calls: ((scope: TaskScope) => Promise<unknown>)[] = [
      (scope) => race(scope, [waiting, failing]),
      (scope) => any(scope, [waiting, failing]),
      (scope) => hedge(scope, failing, { delay: 60_000 }),
    ];
    for (const call of calls) {
      const observer = new Recorder();
      const error = await rejection(TaskScope.run(async (scope) => {
        const result = call(scope);
        result.catch(() => {});
        await ticks();
        scope.cancel("left");
        await result;
      }, { observer }));
      assertStrictEquals(error, boom);
      assertEquals(observer.errors, []);
    }
  }),

  test("G5: a loser of a race that fails in the winner's turn is reported", async () => {
    const observer = new Recorder();
    const value = await TaskScope.run(
      (scope) =>
        race(scope, [() => 1, (): number => {
          throw boom;
        }]),
      { observer },
    );
    assertEquals([value, observer.errors.map(({ error }) => error)], [1, [boom]]);
  }),

  test("G5: a failure that surfaces is not reported by abortable as well", async () => {
    const observer = new Recorder();
    const lines = await consoleErrors(async () => {
      for (const options of [{ observer }, {}]) {
        const error = await rejection(TaskScope.run(async (scope) => {
          await scope.abortable(scope.spawn(() => Promise.reject(boom)));
        }, options));
        assertStrictEquals(error, boom);
        await turn();
      }
    });
    assertEquals([lines, observer.errors], [[], []]);
  }),

  test("G1: cleanup waits for all that another cleanup set off", async () => {
    const log: string[] = [];
    await TaskScope.run((scope) => {
      scope.defer(() => void log.push(`running: ${scope.counters.running}`));
      scope.defer(() => {
        scope.spawn(() => {}).then(() =>
          scope.spawn(async () => {
            await turn(2);
            log.push("ended");
          })
        );
      });
    });
    assertEquals(log, ["ended", "running: 0"]);
  }),

  test("G5: aggregate with a join in the body counts a failure once", async () => {
    const observer = new Recorder();
    const error = await rejection(TaskScope.run(async (scope) => {
      scope.spawn(() => Promise.reject(boom));
      await scope.join();
    }, { errors: "aggregate", observer }));
    assertInstanceOf(error, ScopeError);
    assertEquals([error.errors, observer.errors], [[boom], []]);
  }),

  test("G5: without an observer, the error of a cleanup after a failure goes to the console", async () => {
    const lifetime = new FakeLifetime();
    const unlock = new Error("unlock failed");
    const scope = new TaskScope({ lifetime });
    const lines = await consoleErrors(async () => {
      scope.spawnDetached((task) => {
        task.defer(() => {
          throw unlock;
        });
        throw boom;
      }, { deadline: 1_000 });
      await lifetime.ended();
    });
    assertEquals(lines.map((line) => line.at(-1)), [unlock, boom]);
    await scope.close();
  }),

  test("G5: an error wrapped by the function, or read by whoever awaits, is not printed as well", async () => {
    const lines = await consoleErrors(async () => {
      await rejection(TaskScope.run(async (scope) => {
        const task = scope.spawn(() => Promise.reject(boom));
        throw new Error("wrapped", { cause: await rejection(task) });
      }));
      await rejection(
        TaskScope.run((scope) =>
          Promise.all([scope.spawn(() => Promise.reject(boom)), scope.spawn(() => Promise.reject(new Error("two")))])
        ),
      );
    });
    assertEquals(lines, []);
  }),

  test("map: what an interrupted source throws on its way out is told", async () => {
    const observer = new Recorder();
    const gate = Promise.withResolvers<void>();
    async function* source(): AsyncGenerator<number> {
      try {
        await gate.promise;
        yield 1;
      } finally {
        gate.resolve();
        await Promise.reject(boom);
      }
    }
    await rejection(TaskScope.run(async (scope) => {
      const mapped = map(scope, source(), (item) => item);
      mapped.catch(() => {});
      await ticks();
      scope.cancel("left");
      await mapped;
    }, { observer }));
    gate.resolve();
    await turn(2);
    assertEquals(observer.errors.map(({ error }) => error), [boom]);
  }),

  test("retry: no wait at all is fine for ever", async () => {
    let attempts = 0;
    const error = await rejection(TaskScope.run((scope) =>
      retry(scope, () => {
        attempts++;
        throw boom;
      }, { minTimeout: 0, maxAttempts: 1_100 })
    ));
    assertStrictEquals(error, boom);
    assertEquals(attempts, 1_100);
  }),

  test("G7: onCancel is told of a signal that had aborted and of a deadline that had passed", async () => {
    const observer = new Recorder();
    await rejection(TaskScope.run(() => 1, { signal: AbortSignal.abort("gone"), name: "aborted", observer }));
    await rejection(TaskScope.run(() => 1, { deadline: 0, name: "late", observer }));
    const manual = new TaskScope({ deadline: 0, name: "manual", observer });
    assertEquals(observer.canceled.map(({ path, kind }) => `${path} ${kind}`), [
      "aborted canceled",
      "late deadline",
      "manual deadline",
    ]);
    await manual.close();
  }),

  test("G7: a foreign signal without a reason gives one reason to all", async () => {
    class Foreign extends EventTarget {
      aborted = false;
    }
    const signal = new Foreign();
    const seen: unknown[] = [];
    const error = await rejection(TaskScope.run(async (scope) => {
      scope.signal.addEventListener("abort", () => seen.push(scope.signal.reason));
      scope.spawn((task) => {
        task.signal.addEventListener("abort", () => seen.push(task.signal.reason));
        return task.sleep(60_000);
      });
      await ticks();
      signal.aborted = true;
      signal.dispatchEvent(new Event("abort"));
      await scope.sleep(60_000);
    }, { signal: signal as unknown as AbortSignal }));
    assertInstanceOf(error, CancelReason);
    assertEquals([seen.length, seen[0] === error, seen[1] === error], [2, true, true]);
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

  test("detached: a clamped task that outlives its deadline does not look at the clock all the time", async () => {
    let reads = 0;
    const end = new Date(Date.now() + 1_010);
    const gate = Promise.withResolvers<void>();
    const lifetime = {
      waitUntil() {},
      get deadline(): Date {
        reads++;
        return end;
      },
    };
    const scope = new TaskScope({ lifetime, grace: 1 });
    const options = { deadline: 60_000, onExceed: "clamp" } as const;
    const task = scope.spawnDetached((task) => task.shield(() => gate.promise, { deadline: 60_000 }), options);
    const outcome = task.outcome;
    await turn(40);
    reads = 0;
    await turn(60);
    assert(reads < 5, `read ${reads} times in 60 ms`);
    gate.resolve();
    await outcome;
    await scope.close();
  }),

  test("detached: cancel() of the process cancels what there is, not what is spawned because of it", async () => {
    if (isWorkerd) return; // is no process
    let rows = 0;
    const observer = {
      onCancel: () => {
        if (++rows < 100) scope.spawnDetached(() => {}, { deadline: 1_000 });
      },
    };
    const scope = new TaskScope({ lifetime: processLifetime(), observer });
    const outcome = scope.spawnDetached(waiting, { deadline: 60_000 }).outcome;
    processLifetime().cancel();
    await outcome;
    assertEquals(rows, 1);
    await processLifetime().drain({ deadline: 1_000 });
    await scope.close();
  }),
];
