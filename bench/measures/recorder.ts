import { TaskScope } from "@taskscope/taskscope";
import { Recorder } from "@taskscope/taskscope/inspect";
import type { Measure } from "../lib/measure.ts";

const TASKS = 10_000;
let isOn = false; // a contender has its process to itself

// deno-lint-ignore require-await
async function work(value: number): Promise<number> {
  return value;
}

async function spawnAndJoin(): Promise<void> {
  await TaskScope.run((scope) => {
    for (let i = 0; i < TASKS; i++) scope.spawn(() => work(i));
  });
}

async function recorded(options?: { readonly stacks: boolean }): Promise<void> {
  if (!isOn) new Recorder(options).start();
  isOn = true;
  await spawnAndJoin();
}

export const measure: Measure = {
  title: "Spawn 10 000 tasks in one scope and wait for them, with a recorder",
  unit: "ns",
  per: "task",
  operations: TASKS,
  contenders: {
    "recorder on": () => recorded(),
    "recorder on, with stacks": () => recorded({ stacks: true }),
    "recorder off": spawnAndJoin,
  },
  goals: [{ against: "recorder off", within: 1.5 }],
};
