import { Effect, Fiber } from "effect";
import { call, run, sleep, spawn, suspend } from "effection";
import { TaskScope } from "@taskscope/taskscope";
import { liveHeap } from "../lib/heap.ts";
import type { Measure } from "../lib/measure.ts";

const TASKS = 100_000;
const never = Promise.withResolvers<void>(); // held: what only an unreachable promise keeps would be collected

export const measure: Measure = {
  title: "Live memory of 100 000 pending tasks",
  unit: "bytes",
  per: "task",
  operations: 1,
  isOnce: true,
  not: { workerd: "its heap cannot be read" },
  contenders: {
    async "TaskScope"() {
      const before = await liveHeap();
      const scope = new TaskScope();
      for (let i = 0; i < TASKS; i++) scope.spawn(() => never.promise);
      const after = await liveHeap();
      return scope.counters.running === TASKS ? (after - before) / TASKS : NaN;
    },
    async "Effect"() {
      const before = await liveHeap();
      const live = Promise.withResolvers<void>();
      const main = Effect.runFork(Effect.scoped(Effect.gen(function* () {
        for (let i = 0; i < TASKS; i++) yield* Effect.forkScoped(Effect.promise(() => never.promise));
        yield* Effect.sleep(10);
        live.resolve();
        return yield* Effect.never;
      })));
      await live.promise;
      const after = await liveHeap();
      return Fiber.isFiber(main) ? (after - before) / TASKS : NaN;
    },
    async "Effection"() {
      const before = await liveHeap();
      const live = Promise.withResolvers<void>();
      const main = run(function* () {
        for (let i = 0; i < TASKS; i++) yield* spawn(() => call(() => never.promise));
        yield* sleep(10);
        live.resolve();
        yield* suspend();
      });
      main.catch(() => {});
      await live.promise;
      return (await liveHeap() - before) / TASKS;
    },
  },
  goals: [
    { against: "Effect", within: 0.5 },
    { against: "Effection", within: 0.5 },
  ],
};
