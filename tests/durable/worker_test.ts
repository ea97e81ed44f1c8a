import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { contextKey, TaskScope } from "@taskscope/taskscope";
import { defineTask, handoffTo, transferable } from "@taskscope/taskscope/durable";
import { parseTraceParent, TraceParent } from "@taskscope/taskscope/http";
import { z } from "zod";
import { Bench } from "./bench.ts";

const TEN = { deadline: { minutes: 10 } };
const ATTEMPTS = { minTimeout: 1, maxTimeout: 2 };

Deno.test("a task that is handed off runs in a worker: deadline, context values and trace are the producer's", async () => {
  await using bench = new Bench();
  const Tenant = contextKey<string>("tenant");
  const Secret = contextKey<string>("secret");
  const seen: unknown[] = [];
  const task = defineTask("look", z.object({ n: z.int() }), (scope, { n }, run) => {
    seen.push(scope.get(Tenant), scope.get(Secret), scope.get(TraceParent)?.traceId, scope.deadline?.getTime());
    assertStrictEquals(scope as unknown, run as unknown);
    return { n: n + 1 };
  }, { context: [transferable(Tenant)] });
  bench.worker([task]);
  const trace = parseTraceParent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  assert(trace);
  const deadline = new Date(Date.now() + 600_000);
  const { handle, ending } = await TaskScope.run(async (scope) => {
    const handle = scope.handoff(task, { n: 1 }, { deadline });
    return { handle, ending: await handle.outcome(scope) };
  }, {
    context: [handoffTo(bench.engine), Tenant.with("acme"), Secret.with("s3cret"), TraceParent.with(trace)],
  });
  assertEquals([handle.where, handle.engine, handle.name], ["handed-off", "in-process", "look"]);
  assertEquals([ending.state, ending.result, ending.id, ending.attempt], ["succeeded", { n: 2 }, await handle.id, 1]);
  const at = seen.pop() as number;
  assert(Math.abs(at - deadline.getTime()) < 50, `off by ${at - deadline.getTime()} ms`);
  assertEquals(seen, ["acme", undefined, "0af7651916cd43dd8448eb211c80319c"]);
});

Deno.test("a task that fails is tried again, and is a dead letter with its last error after maxAttempts", async () => {
  await using bench = new Bench();
  const attempts: number[] = [];
  const task = defineTask("fails", z.string(), (_scope, _input, { attempt }) => {
    attempts.push(attempt);
    throw new Error(`boom ${attempt}`);
  }, { maxAttempts: 3, ...ATTEMPTS });
  const worker = bench.worker([task]);
  await bench.scope((scope) => void scope.handoff(task, "a", TEN));
  const [ending] = await bench.ended(1);
  assertEquals([attempts, ending?.state, ending?.error?.message], [[1, 2, 3], "failed", "boom 3"]);
  await worker.stop();
  const [letter] = await Array.fromAsync(bench.engine.deadLetters());
  assertEquals([letter?.id, letter?.reason], [ending?.id, "It failed in attempt 3: Error: boom 3"]);
});
