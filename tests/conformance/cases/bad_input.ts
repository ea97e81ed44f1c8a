import { TaskScope, type TaskScopeOptions } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import { assertEquals, assertFalse, assertInstanceOf, FakeLifetime, rejection, test, ticks } from "../assert.ts";
import { check, thrown } from "../refusal.ts";

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

export const cases: Case[] = [
  test("input: run rejects for every bad option, names it, and does not call the body", async () => {
    let ran = false;
    for (const [options, kind, names] of BAD_OPTIONS) {
      const error = await rejection(TaskScope.run(() => void (ran = true), options as TaskScopeOptions));
      check(error, kind, names);
    }
    assertFalse(ran);
  }),

  test("input: new TaskScope throws for every bad option, and names it", () => {
    for (const [options, kind, names] of BAD_OPTIONS) check(thrown(() => new TaskScope(options)), kind, names);
  }),

  test("input: run refuses a bad deadline, and does not call the body", async () => {
    let ran = false;
    for (const [deadline, kind] of BAD_DEADLINES) {
      const error = await rejection(TaskScope.run(() => void (ran = true), { deadline: deadline as number }));
      assertInstanceOf(error, kind, String(deadline));
    }
    assertFalse(ran);
  }),

  test("input: spawn, shield and spawnDetached refuse a bad deadline at the call, nothing starts", async (watch) => {
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

  test("input: options that are no object, and unknown ones, are refused by spawn and its kin", async (watch) => {
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

  test("input: an empty list of signals and an infinite limit are fine", async (watch) => {
    const options = { signal: [], concurrency: Infinity, grace: Infinity, context: [], observer: {} };
    assertEquals(await TaskScope.run((scope) => watch(scope).spawn(() => 1), options), 1);
  }),

  test("input: undefined means not given", async (watch) => {
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

  test("input: a scope without a name has that of its function", async () => {
    const whatItIsCalled = (scope: TaskScope) => scope.name;
    assertEquals(await TaskScope.run(whatItIsCalled), "whatItIsCalled");
    assertEquals(await TaskScope.run(({ name }) => name), "scope");
    assertEquals(await TaskScope.run(whatItIsCalled, { name: "page" }), "page");
    const scope = new TaskScope();
    assertEquals(scope.name, "scope");
    await scope.close();
  }),

  test("input: the names of tasks without one are told apart", async (watch) => {
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
