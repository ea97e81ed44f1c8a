import { TaskScope } from "@taskscope/taskscope";
import { ignore, type Measure } from "../lib/measure.ts";

interface Diagnostics {
  subscribe(name: string, heard: () => void): void;
}

const TASKS = 10_000;
const CHANNELS = ["onSpawn", "onStart", "onSettle", "onCancel", "onAbandon", "onError"];
const { process } = globalThis as { process?: { getBuiltinModule?(name: string): Diagnostics | undefined } };
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

async function subscribed(): Promise<void> {
  const diagnostics = process?.getBuiltinModule?.("node:diagnostics_channel");
  if (!diagnostics) throw new Error("This runtime has no node:diagnostics_channel");
  if (!isOn) { for (const name of CHANNELS) diagnostics.subscribe(`taskscope:${name}`, ignore); }
  isOn = true;
  await spawnAndJoin();
}

export const measure: Measure = {
  title: "Spawn 10 000 tasks in one scope and wait for them, with a subscriber to its diagnostics channels",
  unit: "ns",
  per: "task",
  operations: TASKS,
  contenders: {
    "with a subscriber": subscribed,
    "without": spawnAndJoin,
  },
  goals: [],
};
