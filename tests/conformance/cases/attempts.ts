import { any, hedge, map, race, retry, type TaskFunction, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
  Recorder,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";
import { failWhenCanceled, throwing } from "../failing.ts";

const boom = new Error("boom");

export const cases: Case[] = [
  test("any, race: attempts have the names of their functions, or numbers", async () => {
    const observer = new Recorder();
    const { fast } = { fast: async (): Promise<void> => {} }; // a name that no bundler changes
    await TaskScope.run((scope) => any(scope, [throwing(boom), fast, throwing(boom)]), { observer, name: "page" });
    assertEquals(observer.of("spawn"), ["spawn any", "spawn attempt-1", "spawn fast", "spawn attempt-3"]);
  }),

  test("any: nobody is told of a failure that another's success made up for, nor of a loser", async () => {
    const observer = new Recorder();
    const value = await TaskScope.run((scope) =>
      any<unknown[]>(scope, [
        throwing(boom),
        throwing(boom),
        (task) => task.sleep(60_000),
        async (task) => {
          await task.sleep(5);
          return "up";
        },
      ]), { observer });
    assertEquals([value, observer.errors], ["up", []]);
  }),

  test("any: attempts that fail in the same turn all count", async () => {
    const error = await rejection(TaskScope.run((scope) => any(scope, [throwing(1), throwing(2), throwing(3)])));
    assertInstanceOf(error, AggregateError);
    assertEquals([error.errors, error.message], [[1, 2, 3], "All 3 attempts failed"]);
  }),

  test("asCompleted of a race: one that cancels itself decides, with its reason", async () => {
    const error = await rejection(TaskScope.run((scope) =>
      race(scope, [(task) => {
        task.cancel(boom);
        return task.sleep(1);
      }])
    ));
    assertStrictEquals(error, boom);
  }),

  test("race, any: what is no array of functions is named", () => {
    const scope = new TaskScope();
    for (const fns of [new Set([() => 1]), undefined, []] as unknown as [TaskFunction<1>][]) {
      assertThrows(() => race(scope, fns), TypeError, "Cannot race: an array of at least one function is needed, got");
    }
  }),

  test("hedge: two attempts by default; unknown options are refused", async () => {
    let attempts = 0;
    const error = await rejection(TaskScope.run((scope) => hedge(scope, () => throwing(++attempts)(), { delay: 1 })));
    assertInstanceOf(error, AggregateError);
    assertEquals([attempts, error.errors], [2, [1, 2]]);
    const options = { delay: 1, attempt: 3 } as { delay: number };
    assertThrows(() => hedge(new TaskScope(), () => 1, options), TypeError, "the options are delay, attempts");
  }),

  test("hedge: the observer that cancels with the first attempt ends it", async () => {
    let opened: TaskScope | undefined;
    let attempts = 0;
    const observer = { onSpawn: ({ name }: { name: string }) => void (name === "attempt-1" && opened?.cancel(boom)) };
    const error = await rejection(TaskScope.run((scope) => {
      opened = scope;
      return hedge(scope, () => void attempts++, { delay: 1, attempts: 3 });
    }, { observer }));
    assertEquals([error, attempts], [boom, 0]);
  }),

  test("retry: in a canceled scope an attempt's own error surfaces, and nobody is asked whether to go on (G6)", async () => {
    let asked = 0;
    const error = await rejection(TaskScope.run(async (scope) => {
      const options = { isRetriable: () => ++asked > 0, minTimeout: 1 };
      const task = retry(scope, failWhenCanceled(boom), options);
      await ticks();
      scope.cancel();
      await task;
    }));
    assertEquals([error, asked], [boom, 0]);
  }),

  test("retry: what is out of range is named", () => {
    const scope = new TaskScope();
    const range = (options: object, text: string) =>
      assertThrows(() => retry(scope, () => 1, options), RangeError, `Cannot retry: ${text}`);
    range({ multiplier: 0.5 }, "multiplier must be between 1 and");
    range({ jitter: -0.5 }, "jitter must be between 0 and 1");
    range({ jitter: 1.5 }, "jitter must be between 0 and 1");
    range({ minTimeout: 2, maxTimeout: 1 }, "maxTimeout must be between 2 and");
    assertThrows(() => retry(scope, () => 1, { tries: 1 } as object), TypeError, "the options are maxAttempts");
  }),

  test("map: what is no iterable is named", () => {
    for (const source of [null, undefined, 5, {}] as unknown as []) {
      const call = () => map(new TaskScope(), source, () => 1);
      assertThrows(call, TypeError, "Cannot map: the source must be an iterable, got");
    }
  }),

  test("map: an async source need not answer with promises; one that is done is not told to stop", async () => {
    const log: string[] = [];
    let left = 3;
    const source = {
      [Symbol.asyncIterator]: () => source,
      next: () => ({ done: left-- <= 0, value: left }),
      return: () => void log.push("told to stop"),
    };
    const values = await TaskScope.run((scope) => map(scope, source as unknown as AsyncIterable<number>, (x) => x));
    assertEquals([values, log], [[2, 1, 0], []]);
  }),

  test("map: the end of a source that waits to be asked is awaited, sync and async", async () => {
    const log: string[] = [];
    async function* source() {
      try {
        for (;;) yield 1;
      } finally {
        await turn(5);
        log.push("async ended");
      }
    }
    const ending = {
      [Symbol.iterator]: () => ending,
      next: () => ({ done: false, value: 1 }),
      return: async () => {
        await turn(5);
        log.push("sync ended");
      },
    };
    const run = (source: Iterable<number> | AsyncIterable<number>) =>
      rejection(TaskScope.run((scope) => map(scope, source, () => Promise.reject(boom), { concurrency: 1 })));
    assertStrictEquals(await run(source()), boom);
    assertStrictEquals(await run(ending as unknown as Iterable<number>), boom);
    assertEquals(log, ["async ended", "sync ended"]);
  }),
];
