import { map, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import { assert, assertEquals, assertStrictEquals, Recorder, rejection, test, ticks, turn } from "../assert.ts";
import { canceled, slow } from "../losers.ts";

const boom = new Error("boom");

export const cases: Case[] = [
  test("map: results in the order of the source, whatever ends first", async (watch) => {
    const results = await TaskScope.run((scope) =>
      map(watch(scope), [3, 1, 2], async (n, _task, index) => {
        await ticks(10 * n);
        return `${index}:${n}`;
      })
    );
    assertEquals(results, ["0:3", "1:1", "2:2"]);
  }),

  test("map: of nothing is nothing", async (watch) => {
    await TaskScope.run(async (scope) => {
      assertEquals(await map(watch(scope), [], () => 1), []);
      assertEquals(await map(scope, (async function* () {})(), () => 1), []);
    });
  }),

  test("map: no more at once than the limit, and it is used to the full", async (watch) => {
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

  test("map: the source is only asked when there is a place, sync and async", async (watch) => {
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

  test("map: an infinite source is no problem for a failure", async (watch) => {
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

  test("map: the first failure cancels and awaits the others, and closes an async source", async (watch) => {
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

  test("map: a source that never answers does not keep a failure back, and is told to stop", async (watch) => {
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

  test("map: a source that fails is the failure; what runs is canceled and awaited", async (watch) => {
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

  test("map: cancellation from outside, also while the source is waited for", async (watch) => {
    const never: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
    };
    await canceled(watch, (scope) => map(scope, never, () => 1));
    await canceled(watch, (scope) => map(scope, [1, 2, 3], (_, task) => task.sleep(60_000), { concurrency: 1 }));
  }),

  test("map: a function that throws synchronously fails like one that rejects", async (watch) => {
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

  test("map: 20 000 items, one at a time", async (watch) => {
    const results = await TaskScope.run((scope) =>
      map(watch(scope), Array.from({ length: 20_000 }, (_, i) => i), (i) => i + 1, { concurrency: 1 })
    );
    assertEquals([results.length, results.at(-1)], [20_000, 20_000]);
  }),

  test("map: a source whose next throws or rejects is not asked to return", async () => {
    const boom = new Error("boom");
    let returned = 0;
    const source = (next: () => never | Promise<never>, key: symbol) => ({
      [key]: () => ({ next, return: () => void returned++ }),
    });
    const throws = () => {
      throw boom;
    };
    const sources = [
      source(throws, Symbol.iterator),
      source(throws, Symbol.asyncIterator),
      source(() => Promise.reject(boom), Symbol.asyncIterator),
    ];
    for (const each of sources) {
      assertStrictEquals(
        await rejection(TaskScope.run((scope) => map(scope, each as unknown as Iterable<number>, () => {}))),
        boom,
      );
    }
    assertEquals(returned, 0);
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
];
