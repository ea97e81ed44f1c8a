import { any, asCompleted, hedge, map, race, retry, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertThrows,
  FakeLifetime,
  rejection,
  test,
  ticks,
} from "../assert.ts";
import { check, thrown } from "../refusal.ts";

export const cases: Case[] = [
  test("input: what is not a function is refused everywhere", async (watch) => {
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

  test("input: times are checked by sleep and timeoutSignal", async (watch) => {
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

  test("input: timeoutSignal takes zero and fractions, on every runtime", async (watch) => {
    await TaskScope.run(async (scope) => {
      for (const ms of [0, 0.5, 1.9]) {
        const signal = watch(scope).timeoutSignal(ms);
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
        assertEquals(signal.reason.name, "TimeoutError");
      }
    });
  }),

  test("input: abortable needs a promise, use something to dispose of", async (watch) => {
    await TaskScope.run((scope) => {
      for (const bad of [undefined, null, 5, {}]) {
        assertThrows(() => watch(scope).abortable(bad as unknown as Promise<void>), TypeError);
      }
      for (const bad of [5, {}, { dispose() {} }, "x"]) {
        assertThrows(() => scope.use(bad as unknown as Disposable), TypeError);
      }
    });
  }),

  test("input: combinators check what they get at the call, and start nothing", async (watch) => {
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

  test("input: retry refuses numbers that mean nothing, and does not call fn", async (watch) => {
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

  test("input: asCompleted of what is not iterable is refused", async () => {
    const wrong = async () => {
      for await (const _ of asCompleted(5 as unknown as [])) assert(false);
    };
    assertInstanceOf(await rejection(wrong()), TypeError);
  }),

  test("input: a failed call leaves the scope as it was", async (watch) => {
    const value = await TaskScope.run(async (scope) => {
      thrown(() => watch(scope).spawn(undefined as unknown as () => void));
      thrown(() => scope.spawn(() => 1, { deadline: NaN }));
      thrown(() => scope.defer(5 as unknown as () => void));
      return await scope.spawn(() => "value");
    });
    assertEquals(value, "value");
  }),
];
