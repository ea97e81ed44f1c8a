/**
 * The consumer of a Cloudflare queue.
 *
 * @module
 */
import { cloudflareLifetime, type LimitOverrides, type WaitUntilHost } from "../platforms/cloudflare.ts";
import { DeadlineHeap } from "../deadline.ts";
import { assertCount, assertFunction, assertNumber, assertOptions } from "../validate.ts";
import type { CloudflareQueues } from "./cloudflare_queues_engine.ts";
import type { QueueBatchLike } from "./cloudflare_queues_wire.ts";
import type { AnyDurableTask } from "./durable_task.ts";
import { Receiver } from "./receiver.ts";
import { onErrorOf, RECEIVER_OPTIONS, type ReceiverOptions, settingsOf } from "./receiver_options.ts";

/** Options of {@linkcode queueHandler}. */
export interface QueueHandlerOptions extends Omit<ReceiverOptions, "lifetime" | "lease"> {
  /**
   * How many tasks of a batch run at once.
   *
   * @default 10
   */
  readonly concurrency?: number | undefined;
  /**
   * How long before the end of the 15 minutes it takes nothing more from its batch, in milliseconds. What runs goes on,
   * is canceled shortly before the end, and is given back.
   *
   * @default 30 seconds
   */
  readonly grace?: number | undefined;
  /**
   * How often a running task's wish to be canceled is looked for, in milliseconds. Each look is a call of the records, of
   * which an invocation has a limited number (1 000 for KV).
   *
   * @default 10 seconds
   */
  readonly poll?: number | undefined;
  /** Limits you know better, in milliseconds. */
  readonly limits?: LimitOverrides | undefined;
}

/** What a Worker exports as `queue`. See {@linkcode queueHandler}. */
export type QueueHandler<Env> = (batch: QueueBatchLike, env: Env, ctx: WaitUntilHost) => Promise<void>;

const OPTIONS = ["concurrency", "grace", "limits"];
const AFTER_GRACE = 2_000; // for the verdicts to reach the queue, in milliseconds

/**
 * Runs the tasks of a queue, each in a scope with the deadline it was handed off with.
 *
 * **Guarantees.** Each message has a verdict of its own: one that fails, or is poison, does not touch the others of its
 * batch. A task that fails comes again after its delay, in whole seconds. Before the 15 minutes of the invocation are over,
 * what has not ended is canceled and sent anew, without counting the attempt; so one attempt has 15 minutes less a
 * second at most, however late its deadline. If the invocation dies, Cloudflare delivers the whole batch again: keep
 * `max_batch_size` small for tasks that are long, and put what must not happen twice into `run.once`.
 *
 * @param tasks What it can run.
 * @param engineOf Makes the engine from the bindings, as for the producer.
 * @param options See {@linkcode QueueHandlerOptions}.
 * @returns What a Worker exports as `queue`.
 * @throws {TypeError} If something is missing, unknown or of the wrong type.
 * @throws {RangeError} If a number is out of range.
 *
 * @example Producer and consumer in one Worker
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { defineTask } from "@taskscope/taskscope/durable";
 * import { cloudflareQueues, type QueueLike, queueHandler } from "@taskscope/taskscope/durable/cloudflare-queues";
 * import { z } from "zod";
 *
 * interface Env {
 *   readonly QUEUE: QueueLike;
 * }
 * const done: string[] = [];
 * const greet = defineTask("greet", z.object({ name: z.string() }), (_scope, { name }) => void done.push(name));
 * const engineOf = (env: Env) => cloudflareQueues(env.QUEUE);
 * const worker = { queue: queueHandler([greet], engineOf) }; // export default, outside of an example
 *
 * const sent: string[] = [];
 * const env = { QUEUE: { send: (body: string) => Promise.resolve(sent.push(body)) } };
 * const deadline = Date.now() + 60_000;
 * const envelope = { v: 1, task: "greet", input: { name: "Ada" }, deadline, enqueuedAt: Date.now(), key: "k", attempt: 1, context: {} };
 * await engineOf(env).enqueue({ key: "k", body: JSON.stringify(envelope), deadline: new Date(deadline) });
 *
 * const message = { id: "1", timestamp: new Date(), body: sent[0], attempts: 1, ack() {}, retry() {} };
 * await worker.queue({ messages: [message] }, env, { waitUntil() {} });
 * assertEquals(done, ["Ada"]);
 * ```
 */
export function queueHandler<Env>(
  tasks: readonly AnyDurableTask[],
  engineOf: (env: Env) => CloudflareQueues,
  options: QueueHandlerOptions = {},
): QueueHandler<Env> {
  const what = "Cannot make a queue handler";
  assertFunction(engineOf, what);
  assertOptions(
    options,
    [...RECEIVER_OPTIONS.filter((name) => !["lease", "lifetime"].includes(name)), ...OPTIONS],
    what,
  );
  const { concurrency = 10, grace = 30_000, poll = 10_000, limits, ...rest } = options;
  assertCount(concurrency, "concurrency", what);
  assertNumber(grace, "grace", what);
  settingsOf(tasks, { ...rest, poll }, what); // a mistake is told at the start, not with the first batch
  const onError = onErrorOf(rest.onError, what);
  return async (batch, env, ctx) => {
    const lifetime = cloudflareLifetime(ctx, { trigger: "queue", limits });
    const engine = engineOf(env).ofBatch(batch);
    const receiver = new Receiver(tasks, engine, { ...rest, poll, lifetime });
    const consumption = await engine.consume((delivery) => receiver.receive(delivery), {
      ...{ concurrency, lease: Infinity, onError },
    });
    const isEnded = await endsBefore(engine.ended, Number(lifetime.deadline ?? Infinity) - grace - AFTER_GRACE);
    const stopping = consumption.stop();
    await receiver.close(isEnded ? 0 : grace);
    await stopping;
  };
}

/** Whether something ends before a moment; waits for the first of both. */
async function endsBefore(work: Promise<void>, moment: number): Promise<boolean> {
  const heap = new DeadlineHeap();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const entry = heap.add(moment, () => resolve(false));
  const isEnded = await Promise.race([promise, work.then(() => true)]);
  heap.remove(entry);
  return isEnded;
}
