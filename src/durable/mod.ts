/**
 * Durable hand-off: work that does not fit the host goes to an existing engine, with the same deadline, context values
 * and cancellation.
 *
 * @module
 */
export { type CancelAnswer, cancelTask, type CancelTaskOptions } from "./cancel_task.ts";
export {
  type AnyDurableTask,
  defineTask,
  type DurableFunction,
  type DurableHandle,
  type DurableTask,
  type LocalTask,
  type SpawnDurableOptions,
  type TaskOptions,
  type TaskSchema,
} from "./define_task.ts";
export type { ConsumeOptions, Consumption, DeadLetter, Delivery, Engine, Message, Records, Verdict } from "./engine.ts";
export {
  type HandedOffTask,
  type HandoffOptions,
  type HandoffTarget,
  handoffTo,
  type HandoffToOptions,
} from "./handoff.ts";
export { handoffOperation, type HandoffOperationOptions } from "./handoff_operation.ts";
export { type InProcessEngine, inProcessEngine, type InProcessOptions } from "./in_process.ts";
export { Receiver, type WorkerCounters } from "./receiver.ts";
export type { ReceiverOptions, TaskRetry } from "./receiver_options.ts";
export type { TaskEnding } from "./records.ts";
export type { TaskRun, TaskRunScope } from "./task_run.ts";
export { type Transferable, transferable, type TransferableOptions } from "./transferable.ts";
export { type TaskWorker, worker, type WorkerOptions } from "./worker.ts";
