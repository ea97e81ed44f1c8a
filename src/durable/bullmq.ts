/**
 * BullMQ on Redis as a durable engine.
 *
 * @module
 */
import { assertNumber, assertOptions, assertText, wrong } from "../validate.ts";
import { consume, EVERY_RETRY } from "./bullmq_consumption.ts";
import type { BullmqClientLike, BullmqLike, BullmqPlace, BullmqQueueLike, RedisLike } from "./bullmq_port.ts";
import { redisRecords, redisTime } from "./bullmq_records.ts";
import type { DeadLetter, Engine, Records } from "./engine.ts";
import { idOfKey } from "./key_id.ts";

export type {
  BullmqClientLike,
  BullmqJobData,
  BullmqJobLike,
  BullmqJobOptions,
  BullmqLike,
  BullmqPlace,
  BullmqQueueLike,
  BullmqWorkerLike,
  BullmqWorkerOptions,
  RedisLike,
} from "./bullmq_port.ts";

/** Options of {@linkcode bullmqEngine}. */
export interface BullmqOptions {
  /** The module, version 6.7 or later: `import * as bullmq from "bullmq"`. */
  readonly bullmq: BullmqLike;
  /** A client of ioredis, with `maxRetriesPerRequest: null`. Closing it is up to you, and so is its event `error`. */
  readonly connection: RedisLike;
  /**
   * What all keys in Redis begin with.
   *
   * @default "bull"
   */
  readonly prefix?: string | undefined;
  /**
   * For how long after its end the key of a message is known, in milliseconds.
   *
   * @default 3_600_000
   */
  readonly remember?: number | undefined;
}

/** What {@linkcode bullmqEngine} makes. */
export type BullmqEngine =
  & Engine
  & Required<Pick<Engine, "remove" | "consume" | "deadLetters" | "close">>
  & { readonly records: Records };

const PAGE = 100; // dead letters read at once

/**
 * Makes an engine of a queue of BullMQ.
 *
 * **Guarantees.** At least once. Keys are known until `remember` milliseconds after the end of their message; one that was
 * removed is forgotten at once. What a killed worker had is delivered again after its lease, and at the latest half a
 * lease later, if all workers have the same. Dead letters are the failed jobs of the queue, and stay until somebody
 * removes them. Redis must not evict keys (`maxmemory-policy noeviction`; BullMQ warns), and keeps what it has
 * acknowledged over a crash only with `appendonly yes`. Delays of retries are by the clocks of the workers; waiting times
 * are by that of Redis.
 *
 * @param queue The name of the queue; nobody else should add to it.
 * @param options See {@linkcode BullmqOptions}.
 * @returns The engine.
 * @throws {TypeError} If the name is empty or has a colon, or an option is unknown or of the wrong type.
 * @throws {RangeError} If `remember` is negative.
 *
 * @example
 * ```ts ignore
 * import { bullmqEngine } from "@taskscope/taskscope/durable/bullmq";
 * import * as bullmq from "bullmq";
 * import { Redis } from "ioredis";
 *
 * const connection = new Redis("redis://127.0.0.1:6379", { maxRetriesPerRequest: null });
 * const engine = bullmqEngine("tasks", { bullmq, connection });
 * ```
 */
export function bullmqEngine(queue: string, options: BullmqOptions): BullmqEngine {
  const what = "Cannot make an engine";
  assertOptions(options, ["bullmq", "connection", "prefix", "remember"], what);
  const { bullmq, connection, prefix = "bull", remember = 3_600_000 } = options;
  if (typeof queue !== "string" || queue === "" || queue.includes(":")) {
    throw wrong(what, "the name of a queue must be a non-empty string without colons", queue);
  }
  assertText(prefix, "prefix", what);
  assertNumber(remember, "remember", what);
  if (!isBullmq(bullmq)) {
    throw wrong(what, 'bullmq must be the module, version 6.7 or later: import * as bullmq from "bullmq"', bullmq);
  }
  const { duplicate, defineCommand } = Object(connection) as Partial<RedisLike>;
  if (typeof duplicate !== "function" || typeof defineCommand !== "function") {
    throw wrong(what, "connection must be a client of ioredis, such as new Redis(url)", connection);
  }
  return new Bullmq(bullmq, queue, { connection, prefix }, remember);
}

function isBullmq(module: unknown): boolean {
  const { Queue, Worker, UnrecoverableError } = Object(module) as Partial<BullmqLike>;
  return typeof Worker === "function" && typeof UnrecoverableError === "function" &&
    typeof Queue === "function" && typeof Queue.prototype?.getBackend === "function";
}

class Bullmq implements BullmqEngine {
  readonly name = "bullmq";
  readonly records: Records;
  readonly #bullmq: BullmqLike;
  readonly #name: string;
  readonly #place: BullmqPlace;
  readonly #queue: BullmqQueueLike;
  readonly #client: () => Promise<BullmqClientLike>;
  readonly #remember: number;
  readonly #onErrors = new Set<(error: unknown) => void>(); // of the consumptions

  constructor(bullmq: BullmqLike, queue: string, place: BullmqPlace, remember: number) {
    this.#bullmq = bullmq;
    this.#name = queue;
    this.#place = place;
    this.#remember = remember;
    this.#queue = new bullmq.Queue(queue, place);
    // Without a listener it would end the process; a call that fails because of it says so itself.
    this.#queue.on("error", (error) => this.#onErrors.forEach((onError) => onError(error)));
    this.#client = () => this.#queue.getBackend().client;
    this.records = redisRecords(this.#client, `${place.prefix}:${queue}:taskscope:`);
  }

  async enqueue({ key, body }: { key: string; body: string }): Promise<string> {
    const [jobId, at] = await Promise.all([idOfKey(key), redisTime(this.#client)]);
    await this.#queue.add("task", { body, at }, {
      jobId, // of a job that is there: nothing is added
      attempts: EVERY_RETRY,
      backoff: { type: "custom" },
      removeOnComplete: { age: Math.ceil(this.#remember / 1_000) },
      removeOnFail: false,
      stackTraceLimit: 1,
    });
    return jobId;
  }

  async remove(id: string): Promise<boolean> {
    const state = await this.#queue.getJobState(id);
    if (!["waiting", "delayed", "prioritized"].includes(state)) return false;
    return await this.#queue.remove(id) === 1; // not if a worker has it by now
  }

  async consume(...[receive, options]: Parameters<BullmqEngine["consume"]>): ReturnType<BullmqEngine["consume"]> {
    this.#onErrors.add(options.onError);
    const from = { bullmq: this.#bullmq, queue: this.#name, place: this.#place, client: this.#client };
    const consumption = await consume(from, receive, options);
    return {
      stop: async () => {
        await consumption.stop();
        this.#onErrors.delete(options.onError);
      },
    };
  }

  async *deadLetters(): AsyncIterable<DeadLetter> {
    for (let start = 0;; start += PAGE) {
      const jobs = await this.#queue.getFailed(start, start + PAGE - 1);
      for (const { id = "", data, failedReason } of jobs) yield { id, body: data.body, reason: failedReason };
      if (jobs.length < PAGE) return;
    }
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }
}
