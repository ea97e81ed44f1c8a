/**
 * What 100 000 requests leave behind: nothing. Each opens a scope under one long-lived signal, spawns two tasks, detaches
 * one with a deadline of ten minutes, and lets all of them settle (G13).
 *
 * The last line printed is `{ "passed": boolean, "detail": string }`.
 */
import { TaskScope } from "@taskscope/taskscope";

const REQUESTS = 100_000;
const WARM_UP = 10_000;
const LIMIT = 1024 * 1024;

interface Runtime {
  readonly gc?: () => void;
  readonly Bun?: { gc(force: boolean): void };
  readonly Deno?: { memoryUsage(): { heapUsed: number } };
  readonly process?: { memoryUsage(): { heapUsed: number } };
}

const runtime = globalThis as Runtime;

async function liveHeap(): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20)); // finalizers run between turns
    if (runtime.Bun) runtime.Bun.gc(true);
    else runtime.gc?.();
    const usage = (runtime.Deno ?? runtime.process)?.memoryUsage().heapUsed ?? NaN;
    least = Math.min(least, usage);
  }
  return least;
}

let held = 0;
const lifetime = { waitUntil: (work: Promise<unknown>) => void work.then(() => held--, () => {}) };
const { signal } = new AbortController();

async function request(): Promise<void> {
  held++;
  const { detached } = await TaskScope.run(async (scope) => {
    const user = scope.spawn(async (task) => (await null, task.signal.aborted));
    const posts = scope.spawn(() => Promise.resolve(2));
    const detached = scope.spawnDetached(() => Promise.resolve(3), { deadline: { minutes: 10 } });
    await Promise.all([user, posts]);
    return { detached };
  }, { signal, deadline: 30_000, lifetime });
  await detached;
}

for (let i = 0; i < WARM_UP; i++) await request();
const before = await liveHeap();
for (let i = 0; i < REQUESTS; i++) await request();
const grown = (await liveHeap()) - before;

console.log(JSON.stringify({
  passed: grown < LIMIT && held === 0,
  detail: `${REQUESTS} requests, ${(grown / 1024).toFixed(0)} KB more live heap, ${held} held`,
}));
