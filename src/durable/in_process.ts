/**
 * An engine in the memory of this process: for tests and development. What it holds does not survive the process.
 *
 * @module
 */
import { assertCount, assertOptions } from "../validate.ts";
import type { ConsumeOptions, Consumption, DeadLetter, Delivery, Engine, Records, Verdict } from "./engine.ts";
import { type Consumer, deliver, type Entry, Queue } from "./in_process_queue.ts";

/** Options of {@linkcode inProcessEngine}. */
export interface InProcessOptions {
  /**
   * The largest body it takes, in bytes of UTF-8.
   *
   * @default no limit
   */
  readonly maxBytes?: number | undefined;
}

/** What {@linkcode inProcessEngine} makes: a connection to a queue in memory. */
export interface InProcessEngine extends Engine {
  /** Kept as long as the queue is. */
  readonly records: Records;
  /** Takes a message out that no worker has. */
  remove(id: string): Promise<boolean>;
  /** Hands messages to `receive` until it is stopped. */
  consume(receive: (delivery: Delivery) => Promise<Verdict>, options: ConsumeOptions): Promise<Consumption>;
  /** The messages that were found dead. */
  deadLetters(): AsyncIterable<DeadLetter>;
  /** Another connection to the same queue, as another process would have. */
  connect(): InProcessEngine;
  /**
   * As if the process of this connection were killed now. It takes nothing more, what it does from now on is not heard,
   * and what its workers had is delivered to others when its lease is over.
   */
  crash(): void;
}

/**
 * Makes an engine in the memory of this process, for tests and development.
 *
 * **Guarantees.** At least once, first in, first out. Keys are known until a minute after the deadline of their message.
 * The number of a delivery counts every delivery but those that were given back.
 *
 * @param options See {@linkcode InProcessOptions}.
 * @returns A connection to a new queue.
 * @throws {TypeError} If an option is unknown or of the wrong type.
 * @throws {RangeError} If `maxBytes` is no whole number above 0.
 *
 * @example A message goes to a worker
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { inProcessEngine } from "@taskscope/taskscope/durable";
 *
 * const engine = inProcessEngine();
 * const gate = Promise.withResolvers<string>();
 * const consumption = await engine.consume(({ body }) => {
 *   gate.resolve(body);
 *   return Promise.resolve({ kind: "done" });
 * }, { concurrency: 1, lease: 30_000, onError: console.error });
 *
 * await engine.enqueue({ key: "a", body: "hello", deadline: new Date(Date.now() + 60_000) });
 * assertEquals(await gate.promise, "hello");
 * await consumption.stop();
 * ```
 */
export function inProcessEngine(options: InProcessOptions = {}): InProcessEngine {
  const what = "Cannot make an engine";
  assertOptions(options, ["maxBytes"], what);
  if (options.maxBytes !== undefined) assertCount(options.maxBytes, "maxBytes", what);
  return connect(new Queue(), options.maxBytes);
}

function connect(queue: Queue, maxBytes: number | undefined): InProcessEngine {
  const consumers = new Set<Consumer>();
  let isCrashed = false;
  /** Nothing once it has crashed; and what an engine does takes a turn, also this one. */
  async function call<T>(fn: () => T): Promise<T> {
    await undefined;
    if (isCrashed) throw new Error("Cannot use the engine: its process has crashed");
    return fn();
  }
  return {
    name: "in-process",
    maxBytes,
    enqueue: (message) => call(() => queue.add(message)),
    remove: (id) =>
      call(() => {
        const entry = queue.entries.get(id);
        if (!entry || entry.state === "ended") return false;
        if (entry.state === "leased" && entry.dueAt > Date.now()) return false;
        queue.end(entry);
        return true;
      }),
    consume: (receive, options) =>
      call(() => {
        const idle = Promise.withResolvers<void>();
        const consumer: Consumer = { concurrency: options.concurrency, active: 0, isStopped: false, take };
        function take(entry: Entry): void {
          consumer.active++;
          void deliver(queue, entry, receive, options, () => isCrashed).finally(() => {
            consumer.active--;
            if (!consumer.isStopped) queue.pump();
            else if (consumer.active === 0) idle.resolve();
          });
        }
        consumers.add(consumer);
        queue.join(consumer);
        return {
          stop() {
            consumer.isStopped = true;
            consumers.delete(consumer);
            queue.leave(consumer);
            if (consumer.active === 0) idle.resolve();
            return idle.promise;
          },
        };
      }),
    async *deadLetters() {
      yield* await call(() => [...queue.dead]);
    },
    records: {
      get: (key) => call(() => queue.get(key)),
      set: (key, value, ttl, onlyIfAbsent = false) =>
        call(() => {
          if (onlyIfAbsent && queue.get(key) !== undefined) return false;
          queue.keep(key, value, ttl);
          return true;
        }),
      delete: (key) => call(() => void queue.kept.delete(key)),
    },
    connect: () => connect(queue, maxBytes),
    crash() {
      isCrashed = true;
      for (const consumer of consumers) {
        consumer.isStopped = true;
        queue.leave(consumer);
      }
    },
  };
}
