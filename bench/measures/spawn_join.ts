import { spawn as fork } from "abort-controller-x";
import { Effect, Fiber } from "effect";
import { call, run, spawn } from "effection";
import limit from "p-limit";
import PQueue from "p-queue";
import { TaskScope } from "@taskscope/taskscope";
import { type Measure, shutdown } from "../lib/measure.ts";

const TASKS = 10_000;

// deno-lint-ignore require-await
async function work(value: number): Promise<number> {
  return value;
}

export const measure: Measure = {
  title: "Spawn 10 000 tasks in one scope and wait for them",
  unit: "ns",
  per: "task",
  operations: TASKS,
  contenders: {
    async "TaskScope"() {
      await TaskScope.run((scope) => {
        for (let i = 0; i < TASKS; i++) scope.spawn(() => work(i));
      });
    },
    async "TaskScope, each awaited"() {
      await TaskScope.run(async (scope) => {
        const tasks = [];
        for (let i = 0; i < TASKS; i++) tasks.push(scope.spawn(() => work(i)));
        await Promise.all(tasks);
      });
    },
    async "Promise.all"() {
      const tasks = [];
      for (let i = 0; i < TASKS; i++) tasks.push(work(i));
      await Promise.all(tasks);
    },
    async "Effect"() {
      await Effect.runPromise(Effect.scoped(Effect.gen(function* () {
        const fibers = [];
        for (let i = 0; i < TASKS; i++) fibers.push(yield* Effect.forkScoped(Effect.promise(() => work(i))));
        for (const fiber of fibers) yield* Fiber.join(fiber);
      })));
    },
    async "Effection"() {
      await run(function* () {
        const tasks = [];
        for (let i = 0; i < TASKS; i++) tasks.push(yield* spawn(() => call(() => work(i))));
        for (const task of tasks) yield* task;
      });
    },
    async "abort-controller-x"() {
      await fork(shutdown.signal, async (_, { fork }) => {
        const tasks = [];
        for (let i = 0; i < TASKS; i++) tasks.push(fork(() => work(i)).join());
        await Promise.all(tasks);
      });
    },
    async "p-limit"() {
      const start = limit(Infinity);
      const tasks = [];
      for (let i = 0; i < TASKS; i++) tasks.push(start(() => work(i)));
      await Promise.all(tasks);
    },
    async "p-queue"() {
      const queue = new PQueue();
      const tasks = [];
      for (let i = 0; i < TASKS; i++) tasks.push(queue.add(() => work(i)));
      await Promise.all(tasks);
    },
  },
  goals: [
    { against: "Effect", timesLess: 5 },
    { against: "Effection", timesLess: 50 },
    { against: "abort-controller-x", timesLess: 1 },
    { against: "p-limit", timesLess: 1 },
    { against: "p-queue", timesLess: 1 },
    { against: "Promise.all", within: 5 },
  ],
};
