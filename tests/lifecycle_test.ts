import { assert, assertEquals } from "@std/assert";
import * as Flag from "../src/flags.ts";
import { endIfReady } from "../src/lifecycle.ts";
import { openRoot } from "../src/root.ts";
import { spawnChild } from "../src/spawn.ts";
import type { ScopeNode } from "../src/scope_node.ts";

function open(): { node: ScopeNode; spawn: <T>(fn: () => T | PromiseLike<T>) => ReturnType<typeof spawnChild<T>> } {
  const toScope = () => ({ name: "task", path: "scope/task", state: "open" as const });
  const node = openRoot({ concurrency: 1 }, Flag.MANUAL, { name: "" }, "Cannot open", toScope);
  return { node, spawn: (fn) => spawnChild(node, fn, undefined, 0, "Cannot spawn") };
}

Deno.test("G13: a queue behind a stuck task forgets the canceled ones", async () => {
  const { node, spawn } = open();
  const gate = Promise.withResolvers<void>();
  const stuck = spawn(() => gate.promise);
  for (let i = 0; i < 1_000; i++) {
    const task = spawn(() => {});
    task.cancel();
    await task.outcome;
  }
  assert((node.nursery?.queue.length ?? 0) < 10, "canceled tasks are kept");
  gate.resolve();
  await stuck;
});

Deno.test("G13: a queue that is never empty forgets the tasks that have run", async () => {
  const { node, spawn } = open();
  const start = () => {
    const gate = Promise.withResolvers<void>();
    return { task: spawn(() => gate.promise), end: gate.resolve };
  };
  let [running, waiting] = [start(), start()];
  for (let i = 0; i < 1_000; i++) {
    const next = start();
    running.end();
    await running.task;
    [running, waiting] = [waiting, next];
  }
  assert((node.nursery?.queue.length ?? 0) < 10, "tasks that have run are kept");
  running.end();
  waiting.end();
  await waiting.task;
});

Deno.test("G13: a scope that has ended keeps nothing that was to be called", () => {
  const { node } = open();
  let calls = 0;
  node.onSettled(() => calls++);
  node.flags |= Flag.BODY_DONE;
  endIfReady(node);
  assertEquals([calls, node.extras?.settled], [1, undefined]);
});
