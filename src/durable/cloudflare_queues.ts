/**
 * Hand-off through Cloudflare Queues: what does not fit the 30 seconds of a request goes to the consumer of a queue, which
 * has 15 minutes for a batch.
 *
 * Cloudflare delivers at least once, pushes (there is no consumer to start), gives no ids to senders and takes nothing
 * back: see {@linkcode cloudflareQueues} for what follows from that.
 *
 * @module
 */
export type { BatchEngine } from "./cloudflare_queues_batch.ts";
export { type CloudflareQueues, cloudflareQueues, type CloudflareQueuesOptions } from "./cloudflare_queues_engine.ts";
export { type QueueHandler, queueHandler, type QueueHandlerOptions } from "./cloudflare_queues_handler.ts";
export {
  type DurableObjectNamespaceLike,
  durableObjectRecords,
  type DurableObjectStateLike,
  type DurableObjectStorageLike,
  type KvNamespaceLike,
  kvRecords,
  RecordsObject,
} from "./cloudflare_queues_records.ts";
export {
  type QueueBatchLike,
  type QueueLike,
  type QueueMessageLike,
  readDeadLetter,
} from "./cloudflare_queues_wire.ts";
export type { ConsumeOptions, Consumption, DeadLetter, Delivery, Engine, Message, Records, Verdict } from "./engine.ts";
export type { AnyDurableTask } from "./durable_task.ts";
export type { LimitOverrides, WaitUntilHost } from "../platforms/cloudflare.ts";
