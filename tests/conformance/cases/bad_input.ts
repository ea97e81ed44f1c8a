import { any, asCompleted, hedge, map, race, retry, TaskScope, type TaskScopeOptions } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertThrows,
  FakeLifetime,
  rejection,
  test,
  ticks,
} from "../assert.ts";

type Bad = readonly [options: Record<string, unknown>, error: typeof TypeError | typeof RangeError, names: string];

const BAD_DEADLINES: readonly (readonly [unknown, typeof TypeError | typeof RangeError])[] = [
  [NaN, RangeError],
  [Infinity, RangeError],
  [-Infinity, RangeError],
  [Number.MAX_VALUE, RangeError],
  [new Date(NaN), RangeError],
  [{ seconds: NaN }, RangeError],
  [{ minutes: Infinity }, RangeError],
  ["20s", TypeError],
  ["", TypeError],
  [null, TypeError],
  [true, TypeError],
  [5n, TypeError],
  [[], TypeError],
  [() => 5, TypeError],
  [{}, TypeError],
  [{ seconds: undefined }, TypeError],
  [{ second: 5 }, TypeError],
  [{ seconds: "5" }, TypeError],
  [{ seconds: 5, days: 1 }, TypeError],
];

const BAD_OPTIONS: readonly Bad[] = [
  [{ dealine: 5 }, TypeError, "dealine"],
  [{ timeout: 5 }, TypeError, "timeout"],
  [{ signal: {} }, TypeError, "signal"],
  [{ signal: "abort" }, TypeError, "abort"],
  [{ signal: null }, TypeError, "null"],
  [{ signal: new AbortController() }, TypeError, "AbortController"],
  [{ signal: [new AbortController().signal, 5] }, TypeError, "5"],
  [{ name: "" }, TypeError, '""'],
  [{ name: 5 }, TypeError, "5"],
  [{ context: {} }, TypeError, "context"],
  [{ context: [5] }, TypeError, "5"],
  [{ lifetime: {} }, TypeError, "waitUntil"],
  [{ lifetime: null }, TypeError, "waitUntil"],
  [{ lifetime: { waitUntil: 5 } }, TypeError, "waitUntil"],
  [{ policy: "failfast" }, TypeError, "failfast"],
  [{ policy: true }, TypeError, "true"],
  [{ errors: "all" }, TypeError, "all"],
  [{ concurrency: 0 }, RangeError, "0"],
  [{ concurrency: -1 }, RangeError, "-1"],
  [{ concurrency: 1.5 }, RangeError, "1.5"],
  [{ concurrency: NaN }, RangeError, "NaN"],
  [{ concurrency: "2" }, TypeError, "2"],
  [{ grace: -1 }, RangeError, "-1"],
  [{ grace: NaN }, RangeError, "NaN"],
  [{ grace: "5" }, TypeError, "5"],
  [{ grace: null }, TypeError, "null"],
  [{ observer: null }, TypeError, "observer"],
  [{ observer: 5 }, TypeError, "5"],
  [{ observer: { onError: "log" } }, TypeError, "onError"],
];

function check(error: unknown, kind: typeof TypeError | typeof RangeError, names: string): void {
  assertInstanceOf(error, kind);
  assert(error.message.includes(names), `"${error.message}" does not name ${names}`);
}

function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

export const cases: Case[] = [
  test("§2 input: run rejects for every bad option, names it, and does not call the body", async () => {
    let ran = false;
    for (const [options, kind, names] of BAD_OPTIONS) {
      const error = await rejection(TaskScope.run(() => void (ran = true), options as TaskScopeOptions));
      check(error, kind, names);
    }
    assertFalse(ran);
  }),

  test("§2 input: new TaskScope throws for every bad option, and names it", () => {
    for (const [options, kind, names] of BAD_OPTIONS) check(thrown(() => new TaskScope(options)), kind, names);
  }),

  test("§2 input: run refuses a bad deadline, and does not call the body", async () => {
    let ran = false;
    for (const [deadline, kind] of BAD_DEADLINES) {
      const error = await rejection(TaskScope.run(() => void (ran = true), { deadline: deadline as number }));
      assertInstanceOf(error, kind, String(deadline));
    }
    assertFalse(ran);
  }),

  test("§2 input: spawn, shield and spawnDetached refuse a bad deadline at the call, nothing starts", async (watch) => {
    const lifetime = new FakeLifetime();
    let ran = false;
    const fn = () => void (ran = true);
    await TaskScope.run(async (scope) => {
      for (const [bad, kind] of BAD_DEADLINES) {
        const options = { deadline: bad as number };
        assertInstanceOf(thrown(() => watch(scope).spawn(fn, options)), kind, `spawn ${String(bad)}`);
        assertInstanceOf(thrown(() => scope.trySpawn(fn, options)), kind, `trySpawn ${String(bad)}`);
        assertInstanceOf(thrown(() => scope.shield(fn, options)), kind, `shield ${String(bad)}`);
        assertInstanceOf(thrown(() => scope.spawnDetached(fn, options)), kind, `detached ${String(bad)}`);
      }
      await ticks();
      assertEquals([ran, scope.counters.spawned, lifetime.held.length], [false, 0, 0]);
    }, { lifetime });
  }),

  test("§2 input: what is not a function is refused everywhere", async (watch) => {
    const lifetime = new FakeLifetime();
    for (const bad of [undefined, null, 5, "fn", {}, Promise.resolve()]) {
      const fn = bad as () => void;
      check(await rejection(TaskScope.run(fn)), TypeError, "function");
      await TaskScope.run((scope) => {
        const calls = [
          () => watch(scope).spawn(fn),
          () => scope.trySpawn(fn),
          () => scope.shield(fn, { deadline: 5 }),
          () => scope.spawnDetached(fn, { deadline: 5 }),
          () => scope.defer(fn),
          () => race(scope, [fn]),
          () => any(scope, [() => {}, fn]),
          () => map(scope, [], fn),
          () => retry(scope, fn),
          () => hedge(scope, fn, { delay: 5 }),
        ];
        for (const call of calls) check(thrown(call), TypeError, "function");
        assertEquals([scope.counters.spawned, lifetime.held.length], [0, 0]);
      }, { lifetime });
    }
  }),

  test("§2 input: options that are no object, and unknown ones, are refused by spawn and its kin", async (watch) => {
    const lifetime = new FakeLifetime();
    await TaskScope.run((scope) => {
      const fn = () => {};
      for (const bad of [null, 5, "x", { nme: "x" }, { deadline: 5, timeout: 5 }, { name: "" }, { name: 5 }]) {
        const options = bad as { deadline: number };
        assertInstanceOf(thrown(() => watch(scope).spawn(fn, options)), TypeError);
        assertInstanceOf(thrown(() => scope.shield(fn, options)), TypeError);
        assertInstanceOf(thrown(() => scope.spawnDetached(fn, options)), TypeError);
      }
      assertEquals([scope.counters.spawned, lifetime.held.length], [0, 0]);
    }, { lifetime });
    for (const bad of [null, 5, "x"]) {
      assertInstanceOf(await rejection(TaskScope.run(() => 1, bad as unknown as object)), TypeError);
      assertInstanceOf(thrown(() => new TaskScope(bad as unknown as object)), TypeError);
    }
  }),

  test("§4 input: bad options of spawnDetached are refused, nothing starts", async (watch) => {
    const lifetime = new FakeLifetime();
    let ran = false;
    await TaskScope.run(async (scope) => {
      const refuse = (options: object, kind: typeof TypeError | typeof RangeError) =>
        assertInstanceOf(
          thrown(() => watch(scope).spawnDetached(() => void (ran = true), { deadline: 5_000, ...options })),
          kind,
          JSON.stringify(options),
        );
      refuse({ margin: -1 }, RangeError);
      refuse({ margin: NaN }, RangeError);
      refuse({ margin: Infinity }, RangeError);
      refuse({ margin: "1" }, TypeError);
      refuse({ onExceed: "shorten" }, TypeError);
      refuse({ onExceed: true }, TypeError);
      refuse({ context: [5] }, TypeError);
      refuse({ context: null }, TypeError);
      await ticks();
      assertEquals([ran, lifetime.held.length], [false, 0]);
    }, { lifetime });
  }),

  test("§4 input: an inheritDeadline that is no boolean is refused, not ignored", async (watch) => {
    const lifetime = new FakeLifetime();
    await TaskScope.run((scope) => {
      const options = { deadline: 5_000, inheritDeadline: "yes" as unknown as boolean };
      assertInstanceOf(thrown(() => watch(scope).spawnDetached(() => 1, options)), TypeError);
    }, { lifetime });
    await lifetime.ended();
  }),

  test("§4 input: a closing that is no signal is refused, nothing starts", async (watch) => {
    const held: unknown[] = [];
    const lifetime = { waitUntil: (work: unknown) => void held.push(work), closing: {} as AbortSignal };
    await TaskScope.run((scope) => {
      assertInstanceOf(thrown(() => watch(scope).spawnDetached(() => 1, { deadline: 5_000 })), TypeError);
    }, { lifetime });
    assertEquals(held, []);
  }),

  test("§4 input: a lifetime's deadline that is no date is refused at once, not when the scope is canceled", async () => {
    for (const deadline of ["tomorrow", 5, {}]) {
      const lifetime = { waitUntil() {}, deadline: deadline as unknown as Date };
      let ran = false;
      const error = await rejection(TaskScope.run((scope) => {
        ran = true;
        scope.cancel();
        return scope.sleep(1);
      }, { lifetime }));
      assertInstanceOf(error, TypeError);
      assertFalse(ran);
    }
  }),

  test("§4 input: a lifetime whose deadline is null has none", async (watch) => {
    const held: Promise<unknown>[] = [];
    const lifetime = { waitUntil: (work: Promise<unknown>) => void held.push(work), deadline: null, closing: null };
    const reason = new Error("enough");
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).spawnDetached(() => 1, { deadline: 1_000 });
      scope.cancel(reason);
      return scope.sleep(1);
    }, { lifetime: lifetime as unknown as FakeLifetime }));
    assertEquals(error, reason);
    await Promise.all(held);
  }),

  test("§2 input: times are checked by sleep and timeoutSignal", async (watch) => {
    await TaskScope.run((scope) => {
      for (const [bad, kind] of [[NaN, RangeError], [-1, RangeError], [Infinity, RangeError]] as const) {
        assertThrows(() => watch(scope).sleep(bad), kind);
        assertThrows(() => scope.timeoutSignal(bad), kind);
      }
      for (const bad of ["5", undefined, null, {}]) {
        assertThrows(() => scope.sleep(bad as number), TypeError);
        assertThrows(() => scope.timeoutSignal(bad as number), TypeError);
      }
    });
  }),

  test("§2 input: timeoutSignal takes zero and fractions, on every runtime", async (watch) => {
    await TaskScope.run(async (scope) => {
      for (const ms of [0, 0.5, 1.9]) {
        const signal = watch(scope).timeoutSignal(ms);
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
        assertEquals(signal.reason.name, "TimeoutError");
      }
    });
  }),

  test("§2 input: abortable needs a promise, use something to dispose of", async (watch) => {
    await TaskScope.run((scope) => {
      for (const bad of [undefined, null, 5, {}]) {
        assertThrows(() => watch(scope).abortable(bad as unknown as Promise<void>), TypeError);
      }
      for (const bad of [5, {}, { dispose() {} }, "x"]) {
        assertThrows(() => scope.use(bad as unknown as Disposable), TypeError);
      }
    });
  }),

  test("§2 input: combinators check what they get at the call, and start nothing", async (watch) => {
    await TaskScope.run(async (scope) => {
      let ran = false;
      const fn = () => void (ran = true);
      const bad: [() => unknown, typeof TypeError | typeof RangeError][] = [
        [() => race(watch(scope), []), TypeError],
        [() => any(scope, []), TypeError],
        [() => race(scope, fn as unknown as []), TypeError],
        [() => map(scope, 5 as unknown as [], fn), TypeError],
        [() => map(scope, null as unknown as [], fn), TypeError],
        [() => map(scope, {} as unknown as [], fn), TypeError],
        [() => map(scope, [1], fn, { concurrency: 0 }), RangeError],
        [() => map(scope, [1], fn, { concurrency: 1.5 }), RangeError],
        [() => map(scope, [1], fn, { limit: 1 } as object), TypeError],
        [() => hedge(scope, fn, { delay: -1 }), RangeError],
        [() => hedge(scope, fn, {} as { delay: number }), TypeError],
        [() => hedge(scope, fn, { delay: 1, attempts: 0 }), RangeError],
        [() => hedge(scope, fn, { delay: 1, attempts: 1.5 }), RangeError],
        [() => retry(scope, fn, { attempts: 3 } as object), TypeError],
      ];
      for (const [call, kind] of bad) assertInstanceOf(thrown(call), kind, call.toString());
      await ticks();
      assertEquals([ran, scope.counters.spawned, scope.state], [false, 0, "open"]);
    });
  }),

  test("§2 input: retry refuses numbers that mean nothing, and does not call fn", async (watch) => {
    await TaskScope.run(async (scope) => {
      let ran = 0;
      for (
        const options of [
          { maxAttempts: 0 },
          { maxAttempts: -1 },
          { maxAttempts: NaN },
          { maxAttempts: 1.5 },
          { minTimeout: -1 },
          { minTimeout: NaN },
          { maxTimeout: NaN },
          { minTimeout: 10, maxTimeout: 5 },
          { jitter: 2 },
          { jitter: NaN },
          { multiplier: NaN },
          { isRetriable: "yes" as unknown as () => boolean },
        ]
      ) {
        const attempt = async () => await retry(watch(scope), () => void ran++, options);
        const error = await attempt().catch((error) => error);
        assert(error instanceof RangeError || error instanceof TypeError, Object.entries(options).join());
      }
      assertEquals(ran, 0);
    });
  }),

  test("§2 input: asCompleted of what is not iterable is refused", async () => {
    const wrong = async () => {
      for await (const _ of asCompleted(5 as unknown as [])) assert(false);
    };
    assertInstanceOf(await rejection(wrong()), TypeError);
  }),

  test("§2 input: a failed call leaves the scope as it was", async (watch) => {
    const value = await TaskScope.run(async (scope) => {
      thrown(() => watch(scope).spawn(undefined as unknown as () => void));
      thrown(() => scope.spawn(() => 1, { deadline: NaN }));
      thrown(() => scope.defer(5 as unknown as () => void));
      return await scope.spawn(() => "value");
    });
    assertEquals(value, "value");
  }),

  test("§2 input: an empty list of signals and an infinite limit are fine", async (watch) => {
    const options = { signal: [], concurrency: Infinity, grace: Infinity, context: [], observer: {} };
    assertEquals(await TaskScope.run((scope) => watch(scope).spawn(() => 1), options), 1);
  }),

  test("§2 input: undefined means not given", async (watch) => {
    const options: TaskScopeOptions = {
      signal: undefined,
      deadline: undefined,
      name: undefined,
      context: undefined,
      lifetime: undefined,
      policy: undefined,
      errors: undefined,
      concurrency: undefined,
      grace: undefined,
      observer: undefined,
    };
    assertEquals(
      await TaskScope.run(
        (scope) => watch(scope).spawn(() => 1, { name: undefined, deadline: undefined, context: undefined }),
        options,
      ),
      1,
    );
  }),

  test("§2 input: the names of tasks without one are told apart", async (watch) => {
    await TaskScope.run((scope) => {
      const names = [
        watch(scope).spawn(() => 1).name,
        scope.spawn(() => 2).name,
        scope.spawn(function fetchUser() {}).name,
      ];
      assertEquals(names, ["task-1", "task-2", "fetchUser"]);
    });
  }),
];
