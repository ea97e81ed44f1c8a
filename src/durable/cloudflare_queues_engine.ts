/**
 * The producer's side of a Cloudflare queue.
 *
 * @module
 */
import { assertNumber, assertOptions, wrong } from "../validate.ts";
import { type BatchEngine, batchEngine } from "./cloudflare_queues_batch.ts";
import {
  bytesOf,
  LARGEST,
  LARGEST_BODY,
  type QueueBatchLike,
  type QueueLike,
  write,
} from "./cloudflare_queues_wire.ts";
import { type Engine, KNOWN_AFTER, type Message, type Records } from "./engine.ts";

/** Options of {@linkcode cloudflareQueues}. */
export interface CloudflareQueuesOptions {
  /**
   * Where small facts are kept: `kvRecords(env.KV)` or `durableObjectRecords(env.RECORDS)`. Without, tasks cannot be
   * canceled, have no `once`, say nothing of their ends, and keys are not known.
   *
   * @default none
   */
  readonly records?: Records | undefined;
  /**
   * The queue for what can never be processed, with the reason: `readDeadLetter` reads it. Without, such a message is
   * retried until Cloudflare moves it to the `dead_letter_queue` of the consumer's configuration or, if there is none,
   * deletes it; the reason is then known from the records and the observer only.
   *
   * @default none
   */
  readonly deadLetters?: QueueLike | undefined;
  /**
   * `max_retries` of the consumer's configuration. Cloudflare throws away, or moves to its dead letter queue, what is
   * retried more often; a task that may be retried further is sent anew instead. Say it if yours is less than 2.
   *
   * @default 2
   */
  readonly maxRetries?: number | undefined;
}

/** What {@linkcode cloudflareQueues} makes. */
export interface CloudflareQueues extends Engine {
  /** An engine whose `consume` hands out the messages of one batch: what `queueHandler` gives to its worker. */
  ofBatch(batch: QueueBatchLike): BatchEngine;
}

/**
 * Hands tasks to a queue; `queueHandler` runs them.
 *
 * **Guarantees.** At least once. The id is the key: Cloudflare tells a sender none. With records, a message is not sent
 * again while its key is known, until a minute after its deadline, but two that are sent at the same moment may both
 * come. A task that was sent cannot be taken out; with records, it is canceled when a worker takes it, or by the worker
 * that has it. A body has at most 125 000 bytes. Delays are rounded up to seconds, 12 hours at most. Cloudflare deletes
 * what nobody took for 4 days, or what the queue's `message_retention_period` says: keep deadlines below it.
 *
 * @param queue The binding, `env.QUEUE`.
 * @param options See {@linkcode CloudflareQueuesOptions}.
 * @returns The engine, for `handoffTo` and `queueHandler`. Make it in each invocation: bindings belong to one.
 * @throws {TypeError} If `queue` is no queue, or an option is unknown or of the wrong type.
 * @throws {RangeError} If `maxRetries` is out of range.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cloudflareQueues } from "@taskscope/taskscope/durable/cloudflare-queues";
 *
 * const sent: string[] = [];
 * const queue = { send: (body: string) => Promise.resolve(sent.push(body)) }; // env.QUEUE, outside of an example
 * const engine = cloudflareQueues(queue);
 * const id = await engine.enqueue({ key: "a", body: "{}", deadline: new Date(Date.now() + 60_000) });
 * assertEquals([id, sent], ["a", ['{"key":"a"}\n{}']]);
 * ```
 */
export function cloudflareQueues(queue: QueueLike, options: CloudflareQueuesOptions = {}): CloudflareQueues {
  const what = "Cannot make an engine";
  if (typeof queue?.send !== "function") throw wrong(what, "the binding of a queue is needed", queue);
  assertOptions(options, ["records", "deadLetters", "maxRetries"], what);
  const { records, deadLetters, maxRetries = 2 } = options;
  assertNumber(maxRetries, "maxRetries", what);
  if (deadLetters && typeof deadLetters.send !== "function") {
    throw wrong(what, "deadLetters must be a queue", deadLetters);
  }
  const engine: CloudflareQueues = {
    name: "cloudflare-queues",
    maxBytes: LARGEST_BODY,
    records,
    async enqueue({ key, body, deadline }: Message) {
      const known = `taskscope:sent:${key}`;
      if (await records?.get(known) !== undefined) return key;
      const text = write({ key }, body);
      const bytes = bytesOf(text);
      if (bytes > LARGEST) {
        throw new RangeError(`Cannot send a message: it has ${bytes} bytes with its key, Cloudflare takes ${LARGEST}`);
      }
      await queue.send(text, { contentType: "text" });
      const ttl = deadline.getTime() + KNOWN_AFTER - Date.now();
      // The queue has it: that its key may not be known later is no reason to have it sent again now.
      if (ttl > 0) await records?.set(known, "", ttl).catch(() => {});
      return key;
    },
    ofBatch: (batch) => batchEngine(engine, batch, { queue, deadLetters, maxRetries }),
  };
  return engine;
}
