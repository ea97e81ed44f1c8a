import {
  AbandonedTasksError,
  any,
  asCompleted,
  CancelReason,
  contextKey,
  DeadlineExceededError,
  hedge,
  map,
  race,
  retry,
  type TaskFunction,
  TaskScope,
} from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertGreaterOrEqual,
  assertInstanceOf,
  assertLess,
  assertStrictEquals,
  isSettled,
  Recorder,
  rejection,
  test,
  ticks,
  turn,
  type Watch,
} from "../assert.ts";

const fast = { minTimeout: 1, maxTimeout: 1, jitter: 0 };

/** A loser that notes when it has cleaned up, some time after its cancellation. */
function slow(log: string[], name = "loser"): TaskFunction<string> {
  return async (task) => {
    const reason = await rejection(task.sleep(60_000));
    await turn(5);
    log.push(`${name} cleaned up`);
    throw reason;
  };
}

/** Runs a combinator in a scope that is canceled while it waits. */
async function canceled(watch: Watch, start: (scope: TaskScope) => Promise<unknown>): Promise<void> {
  const reason = new Error("enough");
  let inner: unknown;
  const error = await rejection(TaskScope.run(async (scope) => {
    const result = start(watch(scope)).catch((error) => {
      inner = error;
      throw error;
    });
    await turn(2);
    scope.cancel(reason);
    await result;
  }));
  assertStrictEquals(inner, reason);
  assertStrictEquals(error, reason);
}

export const cases: Case[] = [
  test("§2 race: the first to end wins; the losers are canceled and awaited", async (watch) => {
    const log: string[] = [];
    const value = await TaskScope.run(async (scope) => {
      const value = await race(watch(scope), [slow(log, "a"), () => "fast", slow(log, "b")]);
      log.push("race over");
      assertEquals(scope.state, "open");
      return value;
    });
    assertEquals(value, "fast");
    assertEquals(log.toSorted(), ["a cleaned up", "b cleaned up", "race over"]);
    assertEquals(log[2], "race over");
  }),

  test("§2 race: the first to end decides also when it fails, by identity", async (watch) => {
    const boom = new Error("boom");
    const log: string[] = [];
    await TaskScope.run(async (scope) => {
      const error = await rejection(race(watch(scope), [slow(log), () => Promise.reject(boom)]));
      assertStrictEquals(error, boom);
      assertEquals([log, scope.state], [["loser cleaned up"], "open"]); // the failure was the caller's
    });
  }),

  test("§2 race: a failure nobody awaits is a failure of the scope", async (watch) => {
    const boom = new Error("boom");
    const error = await rejection(TaskScope.run((scope) => {
      void race(watch(scope), [() => Promise.reject(boom)]);
    }));
    assertStrictEquals(error, boom);
  }),

  test("§2 race: a loser that ignores its cancellation is abandoned after grace", async (watch) => {
    const stuck = Promise.withResolvers<string>();
    const recorder = new Recorder();
    await TaskScope.run(async (scope) => {
      await race(watch(scope), [() => stuck.promise, () => "fast"]).catch((error) =>
        assertInstanceOf(error, AbandonedTasksError)
      );
    }, { grace: 5, observer: recorder }).catch((error) => assertInstanceOf(error, AbandonedTasksError));
    assertEquals(recorder.abandoned.length, 1);
    stuck.resolve("late");
    await ticks();
  }),

  test("§2 race: cancellation from outside reaches every one and rejects with the reason", async (watch) => {
    const log: string[] = [];
    await canceled(watch, (scope) => race(scope, [slow(log, "a"), slow(log, "b")]));
    assertEquals(log.toSorted(), ["a cleaned up", "b cleaned up"]);
  }),

  test("§2 race: the real error of a loser is not lost (G5)", async (watch) => {
    const full = new Error("disk full");
    const recorder = new Recorder();
    const result = await TaskScope.run((scope) =>
      race(watch(scope), [async (task) => {
        await rejection(task.sleep(60_000));
        throw full;
      }, () => ticks().then(() => "fast")]), { observer: recorder }).catch((error) => error);
    assert(result === "fast" || result === full, String(result));
    if (result === "fast") assertEquals(recorder.errors.map(({ error }) => error), [full]);
  }),

  test("§2 race: the deadline of the scope counts", async (watch) => {
    const error = await rejection(TaskScope.run(
      (scope) => race(watch(scope), [(task) => task.sleep(60_000), (task) => task.sleep(60_000)]),
      { deadline: 5 },
    ));
    assertInstanceOf(error, DeadlineExceededError);
  }),

  test("§2 any: the first success wins, failures before it do not count; the losers are awaited", async (watch) => {
    const log: string[] = [];
    const value = await TaskScope.run(async (scope) => {
      const value = await any(watch(scope), [
        () => Promise.reject(new Error("down")),
        slow(log),
        () => ticks(80).then(() => "up"),
      ]);
      assertEquals(log, ["loser cleaned up"]);
      return value;
    });
    assertEquals(value, "up");
  }),

  test("§2 any: an early failure cancels nobody", async (watch) => {
    const value = await TaskScope.run((scope) =>
      any(watch(scope), [() => Promise.reject(new Error("down")), async (task) => {
        await turn(5);
        return task.signal.aborted;
      }])
    );
    assertEquals(value, false);
  }),

  test("§2 any: all fail: an AggregateError in the order of the functions", async (watch) => {
    const errors = [new Error("a"), new Error("b"), new Error("c")];
    await TaskScope.run(async (scope) => {
      const error = await rejection(
        any(watch(scope), errors.map((error, i) => () => ticks(30 - 10 * i).then(() => Promise.reject(error)))),
      );
      assertInstanceOf(error, AggregateError);
      assertEquals(error.errors, errors);
      assertEquals(scope.state, "open");
    });
  }),

  test("§2 any: cancellation from outside rejects with the reason, not with an AggregateError", async (watch) => {
    const log: string[] = [];
    await canceled(watch, (scope) => any(scope, [slow(log, "a"), slow(log, "b")]));
  }),

  test("§2 map: results in the order of the source, whatever ends first", async (watch) => {
    const results = await TaskScope.run((scope) =>
      map(watch(scope), [3, 1, 2], async (n, _task, index) => {
        await ticks(10 * n);
        return `${index}:${n}`;
      })
    );
    assertEquals(results, ["0:3", "1:1", "2:2"]);
  }),

  test("§2 map: of nothing is nothing", async (watch) => {
    await TaskScope.run(async (scope) => {
      assertEquals(await map(watch(scope), [], () => 1), []);
      assertEquals(await map(scope, (async function* () {})(), () => 1), []);
    });
  }),

  test("§2 map: no more at once than the limit, and it is used to the full", async (watch) => {
    let running = 0;
    let most = 0;
    await TaskScope.run((scope) =>
      map(watch(scope), Array.from({ length: 20 }, (_, i) => i), async (i) => {
        most = Math.max(most, ++running);
        await ticks(10 + i % 5);
        running--;
      }, { concurrency: 4 })
    );
    assertEquals(most, 4);
  }),

  test("§2 map: the source is only asked when there is a place, sync and async", async (watch) => {
    for (const isAsync of [false, true]) {
      let asked = 0;
      let working = 0;
      const excess: number[] = [];
      const sync = function* () {
        for (let i = 0; i < 12; i++) {
          asked++;
          excess.push(asked - working);
          yield i;
        }
      };
      const async_ = async function* () {
        yield* sync();
      };
      let done = 0;
      await TaskScope.run((scope) =>
        map(watch(scope), isAsync ? async_() : sync(), async () => {
          await turn(1);
          working = ++done;
        }, { concurrency: 2 })
      );
      assert(Math.max(...excess) <= 2, `${excess}`); // asked for at most two more than are done
      assertEquals(done, 12);
    }
  }),

  test("§2 map: an infinite source is no problem for a failure", async (watch) => {
    const boom = new Error("boom");
    let closed = false;
    const source = function* () {
      try {
        for (let i = 0;; i++) yield i;
      } finally {
        closed = true;
      }
    };
    await TaskScope.run(async (scope) => {
      const error = await rejection(
        map(watch(scope), source(), (i) => i === 7 ? Promise.reject(boom) : ticks(), { concurrency: 2 }),
      );
      assertStrictEquals(error, boom);
      assertEquals(scope.state, "open");
    });
    assert(closed);
  }),

  test("§2 map: the first failure cancels and awaits the others, and closes an async source", async (watch) => {
    const boom = new Error("boom");
    const log: string[] = [];
    const source = async function* () {
      try {
        yield 0;
        yield 1;
        yield 2;
      } finally {
        log.push("source closed");
      }
    };
    await TaskScope.run(async (scope) => {
      const error = await rejection(
        map(watch(scope), source(), (i, task) => i === 0 ? slow(log)(task) : turn(2).then(() => Promise.reject(boom)), {
          concurrency: 2,
        }),
      );
      assertStrictEquals(error, boom);
      assertEquals(log.toSorted(), ["loser cleaned up", "source closed"]);
    });
  }),

  test("§2 map: a source that never answers does not keep a failure back, and is told to stop", async (watch) => {
    const boom = new Error("boom");
    let returned = 0;
    let asked = 0;
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => asked++ === 0 ? Promise.resolve({ done: false, value: 1 }) : new Promise(() => {}),
        return: () => {
          returned++;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
    await TaskScope.run(async (scope) => {
      assertStrictEquals(
        await rejection(map(watch(scope), source, () => ticks().then(() => Promise.reject(boom)))),
        boom,
      );
    });
    assertEquals(returned, 1);
  }),

  test("§2 map: a source that fails is the failure; what runs is canceled and awaited", async (watch) => {
    const boom = new Error("source broke");
    const log: string[] = [];
    const source = async function* () {
      yield 1;
      await turn(2);
      throw boom;
    };
    await TaskScope.run(async (scope) => {
      const error = await rejection(map(watch(scope), source(), (_, task) => slow(log)(task)));
      assertStrictEquals(error, boom);
      assertEquals(log, ["loser cleaned up"]);
    });
  }),

  test("§2 map: cancellation from outside, also while the source is waited for", async (watch) => {
    const never: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
    };
    await canceled(watch, (scope) => map(scope, never, () => 1));
    await canceled(watch, (scope) => map(scope, [1, 2, 3], (_, task) => task.sleep(60_000), { concurrency: 1 }));
  }),

  test("§2 map: a function that throws synchronously fails like one that rejects", async (watch) => {
    const boom = new Error("boom");
    await TaskScope.run(async (scope) => {
      assertStrictEquals(
        await rejection(map(watch(scope), [1], () => {
          throw boom;
        })),
        boom,
      );
    });
  }),

  test("§2 map: 20 000 items, one at a time", async (watch) => {
    const results = await TaskScope.run((scope) =>
      map(watch(scope), Array.from({ length: 20_000 }, (_, i) => i), (i) => i + 1, { concurrency: 1 })
    );
    assertEquals([results.length, results.at(-1)], [20_000, 20_000]);
  }),

  test("§2 asCompleted: each task once, in the order of their ends, with its outcome", async (watch) => {
    const boom = new Error("boom");
    const seen: string[] = [];
    await TaskScope.run(async (scope) => {
      const tasks = [
        watch(scope).spawn(() => ticks(60).then(() => 1), { name: "last" }),
        scope.spawn(() =>
          ticks(30).then((): number => {
            throw boom;
          }), { name: "failed" }),
        scope.spawn(() => 3, { name: "first" }),
      ];
      for await (const { task, outcome } of asCompleted(tasks)) seen.push(`${task.name} ${outcome.state}`);
    }, { policy: "supervise", observer: { onError() {} } });
    assertEquals(seen, ["first succeeded", "failed failed", "last succeeded"]);
  }),

  test("§2 asCompleted: of ended tasks, of none, and left early", async (watch) => {
    await TaskScope.run(async (scope) => {
      const tasks = [watch(scope).spawn(() => 1), scope.spawn(() => 2)];
      await Promise.all(tasks);
      const values: number[] = [];
      for await (const { outcome } of asCompleted(tasks)) {
        if (outcome.state === "succeeded") values.push(outcome.value);
      }
      assertEquals(values.toSorted(), [1, 2]);
      for await (const _ of asCompleted([])) assert(false);
      for await (const { task } of asCompleted([...tasks, scope.spawn(() => ticks(99).then(() => 3))])) {
        assert(tasks.includes(task));
        break;
      }
    });
  }),

  test("§2 asCompleted: reading a failure does not take it from the scope (G4)", async (watch) => {
    const boom = new Error("boom");
    const error = await rejection(TaskScope.run(async (scope) => {
      for await (const { outcome } of asCompleted([watch(scope).spawn(() => Promise.reject(boom))])) {
        assertEquals(outcome, { state: "failed", error: boom });
      }
    }));
    assertStrictEquals(error, boom);
  }),

  test("§2 retry: tries until it succeeds, and failed attempts are no failure of the scope", async (watch) => {
    let attempts = 0;
    const value = await TaskScope.run(async (scope) => {
      const value = await retry(
        watch(scope),
        () => ++attempts < 3 ? Promise.reject(new Error("busy")) : "done",
        fast,
      );
      assertEquals(scope.state, "open");
      return value;
    });
    assertEquals([value, attempts], ["done", 3]);
  }),

  test("§2 retry: throws the error of the last attempt, itself", async (watch) => {
    const errors = [new Error("1"), new Error("2"), new Error("3")];
    let attempts = 0;
    await TaskScope.run(async (scope) => {
      const error = await rejection(
        retry(watch(scope), () => Promise.reject(errors[attempts++]), { ...fast, maxAttempts: 3 }),
      );
      assertStrictEquals(error, errors[2]);
      assertEquals(attempts, 3);
    });
  }),

  test("§2 retry: the last error is itself, whatever it is", async (watch) => {
    for (const thrown of [undefined, null, "text", 0, Object.assign(new Error("x"), { cause: new Error("y") })]) {
      await TaskScope.run(async (scope) => {
        const result = await retry(watch(scope), () => Promise.reject(thrown), { ...fast, maxAttempts: 2 })
          .then(() => "resolved", (error) => ({ error }));
        assertStrictEquals((result as { error: unknown }).error, thrown);
      });
    }
  }),

  test("§2 retry: one attempt is one attempt", async (watch) => {
    const boom = new Error("boom");
    let attempts = 0;
    await TaskScope.run(async (scope) => {
      const error = await rejection(retry(watch(scope), () => {
        attempts++;
        throw boom;
      }, { maxAttempts: 1 }));
      assertStrictEquals(error, boom);
      assertEquals(attempts, 1);
    });
  }),

  test("§2 retry: an error that is not worth it is thrown at once, itself", async (watch) => {
    const [busy, gone] = [new Error("busy"), new Error("gone")];
    const asked: unknown[] = [];
    let attempts = 0;
    await TaskScope.run(async (scope) => {
      const error = await rejection(
        retry(watch(scope), () => Promise.reject(++attempts === 1 ? busy : gone), {
          ...fast,
          isRetriable: (error) => {
            asked.push(error);
            return error === busy;
          },
        }),
      );
      assertStrictEquals(error, gone);
      assertEquals([attempts, asked], [2, [busy, gone]]);
    });
  }),

  test("§2 retry: an AbortError out of the blue is worth another attempt (G6)", async (watch) => {
    let attempts = 0;
    const value = await TaskScope.run((scope) =>
      retry(watch(scope), () => {
        if (++attempts < 3) throw new DOMException("timed out", attempts === 1 ? "TimeoutError" : "AbortError");
        return "done";
      }, fast)
    );
    assertEquals([value, attempts], ["done", 3]);
  }),

  test("§2 retry: an attempt has fully ended before the next begins", async (watch) => {
    const log: string[] = [];
    let attempts = 0;
    await TaskScope.run((scope) =>
      retry(watch(scope), async (task) => {
        const attempt = ++attempts;
        log.push(`begin ${attempt}`);
        task.defer(() => ticks().then(() => void log.push(`end ${attempt}`)));
        task.spawn((child) => child.sleep(60_000));
        if (attempt < 3) throw new Error("busy");
        await ticks();
        task.cancel();
      }, fast)
    ).catch(() => {});
    assertEquals(log.slice(0, 5), ["begin 1", "end 1", "begin 2", "end 2", "begin 3"]);
  }),

  test("§2 retry: cancellation ends the waiting at once, and no further attempt starts", async (watch) => {
    let attempts = 0;
    const start = Date.now();
    await canceled(watch, (scope) =>
      retry(scope, () => {
        attempts++;
        throw new Error("busy");
      }, { minTimeout: 60_000, maxTimeout: 60_000, jitter: 0 }));
    assertEquals(attempts, 1);
    assertLess(Date.now() - start, 30_000);
  }),

  test("§2 retry: a canceled attempt is not retried", async (watch) => {
    let attempts = 0;
    await canceled(watch, (scope) =>
      retry(scope, (task) => {
        attempts++;
        return task.sleep(60_000);
      }, fast));
    assertEquals(attempts, 1);
  }),

  test("§2 retry: the deadline of the scope ends it", async (watch) => {
    const error = await rejection(TaskScope.run(
      (scope) => retry(watch(scope), () => Promise.reject(new Error("busy")), { minTimeout: 60_000, jitter: 0 }),
      { deadline: 5 },
    ));
    assertInstanceOf(error, DeadlineExceededError);
  }),

  test("§2 hedge: a fast attempt is the only one", async (watch) => {
    let attempts = 0;
    const value = await TaskScope.run((scope) => hedge(watch(scope), () => ++attempts, { delay: 20 }));
    await turn();
    assertEquals([value, attempts], [1, 1]);
  }),

  test("§2 hedge: a slow attempt gets another beside it, the first success wins, the loser is awaited", async (watch) => {
    const log: string[] = [];
    let attempts = 0;
    const value = await TaskScope.run(async (scope) => {
      const start = Date.now();
      const value = await hedge(watch(scope), (task) => {
        if (++attempts === 1) return slow(log)(task);
        assertGreaterOrEqual(Date.now() - start, 8);
        return "second";
      }, { delay: 8 });
      log.push("hedge over");
      return value;
    });
    assertEquals([value, attempts, log], ["second", 2, ["loser cleaned up", "hedge over"]]);
  }),

  test("§2 hedge: the first attempt may still win", async (watch) => {
    const gate = Promise.withResolvers<string>();
    let attempts = 0;
    const value = await TaskScope.run((scope) =>
      hedge(watch(scope), (task) => {
        if (++attempts === 1) return gate.promise;
        gate.resolve("first");
        return task.sleep(60_000).then(() => "second");
      }, { delay: 2 })
    );
    assertEquals([value, attempts], ["first", 2]);
  }),

  test("§2 hedge: an attempt that fails is replaced at once", async (watch) => {
    let attempts = 0;
    const start = Date.now();
    const value = await TaskScope.run((scope) =>
      hedge(watch(scope), () => ++attempts === 1 ? Promise.reject(new Error("down")) : "up", { delay: 60_000 })
    );
    assertEquals([value, attempts], ["up", 2]);
    assertLess(Date.now() - start, 30_000);
  }),

  test("§2 hedge: all fail: an AggregateError in the order of the starts", async (watch) => {
    const errors = [new Error("a"), new Error("b"), new Error("c")];
    let attempts = 0;
    await TaskScope.run(async (scope) => {
      const error = await rejection(
        hedge(watch(scope), () => {
          const error = errors[attempts++];
          return turn(12 - 4 * attempts).then(() => Promise.reject(error));
        }, { delay: 1, attempts: 3 }),
      );
      assertInstanceOf(error, AggregateError);
      assertEquals([error.errors, attempts, scope.state], [errors, 3, "open"]);
    });
  }),

  test("§2 hedge: no more attempts than allowed", async (watch) => {
    let attempts = 0;
    await TaskScope.run(async (scope) => {
      const hedged = hedge(watch(scope), () => {
        attempts++;
        return turn(20).then(() => "slow");
      }, { delay: 1, attempts: 3 });
      assertEquals(await hedged, "slow");
    });
    assertEquals(attempts, 3);
  }),

  test("§2 hedge: cancellation from outside reaches every attempt", async (watch) => {
    const log: string[] = [];
    let attempts = 0;
    await canceled(watch, (scope) => hedge(scope, slow(log, `attempt ${++attempts}`), { delay: 0, attempts: 3 }));
    assert(log.length >= 1);
  }),

  test("G3: a combinator's functions get the values, the signal and the deadline of the scope", async (watch) => {
    const Key = contextKey<string>("key");
    await TaskScope.run(async (scope) => {
      const at = watch(scope).deadline?.getTime();
      const look = (task: TaskScope) => {
        assertEquals([task.get(Key), task.deadline?.getTime(), task.signal.aborted], ["abc", at, false]);
        return 1;
      };
      await race(scope, [look]);
      await any(scope, [look]);
      await map(scope, [1], (_, task) => look(task));
      await retry(scope, look);
      await hedge(scope, look, { delay: 10 });
    }, { context: [Key.with("abc")], deadline: 10_000 });
  }),

  test("G11: combinators do not deadlock in a scope whose places are taken", async (watch) => {
    const gate = Promise.withResolvers<void>();
    await TaskScope.run(async (scope) => {
      watch(scope).spawn(() => gate.promise);
      assertEquals(await race(scope, [() => 1, () => 2]), 1);
      assertEquals(await map(scope, [1, 2], (i) => i), [1, 2]);
      assertEquals(await scope.shield(() => "shield", { deadline: 1_000 }), "shield");
      gate.resolve();
    }, { concurrency: 1 });
  }),

  test("G7: the losers of a race share one reason, of kind canceled", async (watch) => {
    const reasons = new Set<unknown>();
    const lose = async (task: TaskScope) => {
      const reason = await rejection(task.sleep(60_000));
      reasons.add(reason);
      throw reason;
    };
    await TaskScope.run((scope) => race<unknown>(watch(scope), [lose, lose, () => ticks()]));
    assertEquals(reasons.size, 1);
    const [reason] = reasons;
    assertInstanceOf(reason, CancelReason);
    assertEquals(reason.kind, "canceled");
  }),

  test("G13: combinators leave no unhandled rejection", async (watch) => {
    await rejection(TaskScope.run(async (scope) => {
      void race(watch(scope), [() => Promise.reject(new Error("a")), (task) => task.sleep(60_000)]);
      void map(scope, [1, 2], () => Promise.reject(new Error("b")));
      void hedge(scope, () => Promise.reject(new Error("c")), { delay: 1 });
      await rejection(scope.sleep(60_000));
    }));
    await turn();
    assertFalse(await isSettled(new Promise(() => {})));
  }),
];
