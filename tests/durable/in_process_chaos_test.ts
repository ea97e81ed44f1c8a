/** Two thousand tasks, and workers that crash at random: each task ends exactly once. */
import { assert, assertEquals } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { defineTask, handoffTo, inProcessEngine, type TaskEnding, worker } from "@taskscope/taskscope/durable";
import fc from "fast-check";
import { z } from "zod";
import { randomOf } from "./random.ts";

const LEASE = 200; // milliseconds

interface Chaos {
  readonly tasks: number;
  readonly workers: number;
  readonly crashes: number;
  readonly seed: number;
}

async function run({ tasks, workers, crashes, seed }: Chaos) {
  const random = randomOf(seed);
  const main = inProcessEngine();
  const starts = new Map<number, number>(); // how often each function began
  const effects = new Map<number, number>(); // what a step did
  const kinds = ["succeed", "succeed", "succeed", "succeed", "flaky", "fail", "expire", "cancel", "wrong"] as const;
  const input = z.object({ n: z.int(), kind: z.enum(kinds) });
  const task = defineTask("work", input, async (scope, { n, kind }, { attempt, once }) => {
    starts.set(n, (starts.get(n) ?? 0) + 1);
    await scope.sleep(random() * 3);
    if (n % 10 === 0) await once("effect", () => void effects.set(n, (effects.get(n) ?? 0) + 1));
    if (kind === "fail" || (kind === "flaky" && attempt < 2)) throw new Error(kind);
    if (kind === "expire") await scope.sleep(60_000);
    return n;
  }, { maxAttempts: 40, minTimeout: 1, maxTimeout: 4, isRetriable: (error) => (error as Error).message !== "fail" });
  const crashing: (() => void)[] = [];
  const all: ReturnType<typeof worker>[] = [];
  const start = () => {
    const engine = main.connect();
    all.push(worker([task], engine, {
      ...{ signals: [], concurrency: 20, lease: LEASE, poll: 20, grace: 0, taskGrace: 50 },
      ...{ onEnd() {}, onError() {} }, // a crashed connection has many
    }));
    crashing.push(() => engine.crash());
  };
  const endings = new Map<string, TaskEnding>();
  const written: string[] = [];
  const ids = await TaskScope.run(async (scope) => {
    const handles = Array.from({ length: tasks }, (_, n) => {
      const kind = kinds[Math.floor(random() * kinds.length)] ?? "succeed";
      const deadline = kind === "expire" ? 40 + random() * 200 : 60_000;
      return scope.handoff(task, { n, kind }, { deadline, key: `${n}` });
    });
    for (let i = 0; i < workers; i++) start();
    const canceled = handles.map(async (handle, n) => {
      await handle.accepted;
      if (n % 50 === 0) await handle.cancel();
    });
    for (let i = 0; i < crashes; i++) {
      await scope.sleep(random() * 20);
      crashing.shift()?.();
      start();
    }
    await Promise.all(canceled);
    const ids = await Promise.all(handles.map(({ id }) => id));
    for (const [n, handle] of handles.entries()) {
      const ending = await handle.outcome(scope);
      endings.set(ids[n] ?? "", ending);
      written.push(ending.id);
    }
    return ids;
  }, { context: [handoffTo(main)], deadline: 60_000 });
  await Promise.all(all.map((each) => each.stop()));
  return { ids, endings, starts, effects, written };
}

Deno.test("chaos: 2 000 tasks, workers that crash: each ended exactly once, none is lost, steps are not repeated", async () => {
  const { ids, endings, starts, effects } = await run({ tasks: 2_000, workers: 4, crashes: 25, seed: 7 });
  assertEquals([new Set(ids).size, endings.size], [2_000, 2_000]);
  const states: Record<string, number> = {};
  for (const { state } of endings.values()) states[state] = (states[state] ?? 0) + 1;
  assertEquals(Object.values(states).reduce((sum, count) => sum + count, 0), 2_000);
  assert(states.succeeded && states.failed && states.canceled, JSON.stringify(states));
  assertEquals(states.dead, undefined); // 40 deliveries are more than there are crashes
  const repeated = [...starts.values()].filter((count) => count > 1).length;
  assert(repeated > 0, "no crash has hit anything");
  const extra = [...effects.values()].reduce((sum, count) => sum + count - 1, 0);
  assert(extra <= 25, `${extra} steps were repeated`); // only a crash between an effect and its record repeats it
});

Deno.test("property: whatever the number of workers and crashes, each task ends exactly once", async () => {
  const chaos = fc.record({
    tasks: fc.integer({ min: 1, max: 40 }),
    workers: fc.integer({ min: 1, max: 3 }),
    crashes: fc.integer({ min: 0, max: 4 }),
    seed: fc.integer(),
  });
  await fc.assert(
    fc.asyncProperty(chaos, async (setting) => {
      const { ids, endings, written } = await run(setting);
      assertEquals([new Set(ids).size, endings.size, written.length], [setting.tasks, setting.tasks, setting.tasks]);
    }),
    { numRuns: 8 },
  );
});
