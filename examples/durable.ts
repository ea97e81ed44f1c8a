/**
 * Work that does not fit its host goes to an engine: a handler with 30 seconds left hands off ten minutes of work, and a
 * worker does it, with the same deadline, trace and cancellation. The engine is one in memory here; see the other
 * `durable_*` examples for real ones.
 */
import { assertEquals } from "@std/assert";
import { contextKey, TaskScope } from "@taskscope/taskscope";
import { defineTask, handoffTo, inProcessEngine, transferable, worker } from "@taskscope/taskscope/durable";
import { z } from "zod";

const Tenant = contextKey<string>("tenant");

// Shared by the handler and the worker.
const transcode = defineTask("transcode", z.object({ file: z.string() }), async (scope, { file }, run) => {
  console.log(`worker: ${file} for ${scope.get(Tenant)}, attempt ${run.attempt}`);
  // Done once, however often the task has to be tried again.
  const id = await run.once("reserve", () => `video-${file.length}`);
  if (run.attempt === 1) throw new Error("the codec was busy");
  return { url: `/videos/${id}` };
}, { context: [transferable(Tenant)], maxAttempts: 3, minTimeout: 10 });

const engine = inProcessEngine();

// The worker, in another process as a rule; SIGTERM drains it.
await using _worker = worker([transcode], engine, {
  concurrency: 4,
  onRetry: ({ error, delay }) => console.log(`worker: ${error}, again in ${Math.ceil(delay)} ms`),
});

// The handler: its host ends it 30 seconds after the answer.
const host = { waitUntil() {}, deadline: new Date(Date.now() + 30_000), source: "the host" };
await TaskScope.run(async (scope) => {
  const options = { deadline: { minutes: 10 }, onExceed: "handoff" } as const;
  const handle = scope.spawnDetached(transcode, { file: "a.mp4" }, options);
  console.log(`handler: ${handle.where}`);
  if (handle.where === "local") return;
  const { state, result } = await handle.outcome(scope); // whoever has the handle may ask, or cancel
  console.log(`handler: ${state} ${JSON.stringify(result)}`);
  assertEquals(result, { url: "/videos/video-5" });
}, { lifetime: host, context: [handoffTo(engine), Tenant.with("acme")] });
