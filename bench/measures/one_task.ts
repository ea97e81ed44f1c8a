import { spawn as fork } from "abort-controller-x";
import { Effect, Fiber } from "effect";
import { call, run, spawn } from "effection";
import { TaskScope } from "@taskscope/taskscope";
import { LeastScope } from "../lib/least.ts";
import { type Measure, shutdown, work } from "../lib/measure.ts";

const SCOPES = 1_000;

export const measure: Measure = {
  title: "Open a scope, spawn one task, wait, close",
  unit: "ns",
  per: "scope",
  operations: SCOPES,
  contenders: {
    async "TaskScope"() {
      for (let i = 0; i < SCOPES; i++) await TaskScope.run((scope) => scope.spawn(() => work(i)));
    },
    async "the least that a scope can be"() {
      for (let i = 0; i < SCOPES; i++) await LeastScope.run((scope) => scope.spawn(() => work(i)));
    },
    async "Effect"() {
      for (let i = 0; i < SCOPES; i++) {
        await Effect.runPromise(Effect.scoped(Effect.gen(function* () {
          const fiber = yield* Effect.forkScoped(Effect.promise(() => work(i)));
          return yield* Fiber.join(fiber);
        })));
      }
    },
    async "Effection"() {
      for (let i = 0; i < SCOPES; i++) {
        await run(function* () {
          return yield* yield* spawn(() => call(() => work(i)));
        });
      }
    },
    async "abort-controller-x"() {
      for (let i = 0; i < SCOPES; i++) await fork(shutdown.signal, (_, { fork }) => fork(() => work(i)).join());
    },
  },
  goals: [
    { against: "Effect", timesLess: 5 },
    { against: "abort-controller-x", timesLess: 5 },
  ],
};
