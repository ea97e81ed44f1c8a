/**
 * Durable hand-off: work that does not fit the host goes to an existing engine, with the same deadline, context values
 * and cancellation.
 *
 * @example What does not fit is handed off, and a worker does it
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TaskScope } from "@taskscope/taskscope";
 * import { defineTask, handoffTo, inProcessEngine, worker } from "@taskscope/taskscope/durable";
 * import { z } from "zod";
 *
 * const transcode = defineTask("transcode", z.object({ file: z.string() }), (_scope, { file }) => `/videos/${file}`);
 * const engine = inProcessEngine(); // of ./durable/pg-boss, ./durable/bullmq and so on where it has to last
 * await using _worker = worker([transcode], engine, { signals: [] });
 *
 * const host = { waitUntil() {}, deadline: new Date(Date.now() + 30_000) };
 * await TaskScope.run(async (scope) => {
 *   const options = { deadline: { minutes: 10 }, onExceed: "handoff" } as const;
 *   const handle = scope.spawnDetached(transcode, { file: "a.mp4" }, options);
 *   assertEquals(handle.where, "handed-off");
 *   if (handle.where === "local") return;
 *   assertEquals((await handle.outcome(scope)).result, "/videos/a.mp4");
 * }, { lifetime: host, context: [handoffTo(engine)] });
 * ```
 *
 * @module
 */
export { type CancelAnswer, cancelTask, type CancelTaskOptions } from "./cancel_task.ts";
export { defineTask } from "./define_task.ts";
export type { AnyDurableTask, DurableTask } from "./durable_task.ts";
export type { ConsumeOptions, Consumption, DeadLetter, Delivery, Engine, Message, Records, Verdict } from "./engine.ts";
export type { HandedOffTask } from "./handed_off_task.ts";
export type { HandoffOptions } from "./handoff.ts";
export { handoffOperation, type HandoffOperationOptions } from "./handoff_operation.ts";
export { type HandoffTarget, handoffTo, type HandoffToOptions } from "./handoff_to.ts";
export { type InProcessEngine, inProcessEngine, type InProcessOptions } from "./in_process.ts";
export { Receiver, type WorkerCounters } from "./receiver.ts";
export type { ReceiverOptions, TaskRetry } from "./receiver_options.ts";
export type { TaskEnding } from "./records.ts";
export type {
  DurableFunction,
  DurableHandle,
  LocalTask,
  SpawnDurableOptions,
  TaskOptions,
  TaskSchema,
} from "./task_options.ts";
export type { TaskRun, TaskRunScope } from "./task_run.ts";
export { type Transferable, transferable, type TransferableOptions } from "./transferable.ts";
export { type TaskWorker, worker, type WorkerOptions } from "./worker.ts";
