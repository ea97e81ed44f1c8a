import { TaskScope } from "@taskscope/taskscope";
import { type Measure, shutdown } from "../lib/measure.ts";

const TASKS = 10_000;

export const measure: Measure = {
  title: "Spawn 10 000 tasks that read their signal, or do not",
  unit: "ns",
  per: "task",
  operations: TASKS,
  contenders: {
    async "TaskScope, signal read"() {
      await TaskScope.run((scope) => {
        for (let i = 0; i < TASKS; i++) scope.spawn(({ signal }) => signal.aborted);
      });
    },
    async "TaskScope, not read"() {
      await TaskScope.run((scope) => {
        for (let i = 0; i < TASKS; i++) scope.spawn(() => false);
      });
    },
    async "AbortSignal.any a task"() {
      const tasks = [];
      const task = (signal: AbortSignal) => Promise.resolve(signal.aborted);
      for (let i = 0; i < TASKS; i++) tasks.push(task(AbortSignal.any([shutdown.signal])));
      await Promise.all(tasks);
    },
  },
  goals: [],
};
