/**
 * Hand-off to workers through Deno KV, the database that is part of Deno: no server, no package. Deno only.
 *
 * `Deno.openKv` needs `--unstable-kv`, or `"unstable": ["kv"]` in deno.json, also where this entry is used; this module
 * itself asks for no flag.
 *
 * The queue that Deno KV itself has, `kv.enqueue` and `kv.listenQueue`, is not used. It tells no attempts, keeps no
 * reason, takes nothing back, retries five times at most, and has one listener a process. With Deno 2.9 and a file, a
 * listener in another process was woken after 59 seconds, and had what a killed process left after 58; the new Deno Deploy
 * does not offer it. Here, messages are keys, and workers take them by atomic operations.
 *
 * @module
 */
import type { KvAtomicLike, KvKey } from "../http/operations/deno_kv_port.ts";
import { assertNumber, assertOptions, assertText } from "../validate.ts";
import { KvConsumer } from "./deno_kv_consumer.ts";
import { KvMessages } from "./deno_kv_messages.ts";
import type { KvQueueLike } from "./deno_kv_port.ts";
import { KvRecords } from "./deno_kv_records.ts";
import type { ConsumeOptions, Consumption, DeadLetter, Delivery, Engine, Records, Verdict } from "./engine.ts";

export type { ConsumeOptions, Consumption, DeadLetter, Delivery, Engine, KvAtomicLike, KvKey, KvQueueLike };
export type { Message, Records, Verdict } from "./engine.ts";

/** Options of {@linkcode denoKvEngine}. */
export interface DenoKvEngineOptions {
  /**
   * The first part of every key; another prefix is another queue.
   *
   * @default "taskscope-queue"
   */
  readonly prefix?: string | undefined;
  /**
   * How often a worker looks for messages of processes that cannot wake it, in milliseconds: those that share a file. In
   * the same process, and with a remote database, it is woken at once.
   *
   * @default 1000
   */
  readonly poll?: number | undefined;
  /**
   * How long dead letters are kept, in milliseconds.
   *
   * @default 14 days
   */
  readonly keepDead?: number | undefined;
}

/** What {@linkcode denoKvEngine} makes. */
export interface DenoKvEngine extends Engine {
  /** Kept beside the messages; `onlyIfAbsent` is atomic. */
  readonly records: Records;
  /** Takes a message out that no worker has. */
  remove(id: string): Promise<boolean>;
  /** Hands messages to `receive` until it is stopped. */
  consume(receive: (delivery: Delivery) => Promise<Verdict>, options: ConsumeOptions): Promise<Consumption>;
  /** The messages that were found dead. */
  deadLetters(): AsyncIterable<DeadLetter>;
}

const MAX_BYTES = 65_536; // of a value
const DAY = 86_400_000;

/**
 * A queue in Deno KV: a file beside the program, or the database of Deno Deploy.
 *
 * **Guarantees.** At least once, about first in, first out. What a killed process had goes to another worker as soon as
 * its lease is over. One message a key, known until a minute after its deadline; the id is the key, or a hash of a long
 * one. Atomic, also among processes that open the same file. A body has at most 64 KiB. There is no clock but those of
 * producers and workers, which should agree: it tells no `waited`, deadlines are moments of the producer's clock, and leases
 * and delays of the workers' clocks.
 *
 * **Deno Deploy** has Deno KV, not its queues (docs.deno.com/deploy/migration_guide, 2026-06-18), so this works there: assign
 * a database to the app, and `Deno.openKv()` opens it. But an instance without traffic is shut down after a while, its
 * worker included: have `Deno.cron` call it, or run the worker elsewhere, with the URL of the database for `Deno.openKv`.
 *
 * @param kv What `Deno.openKv()` gives. Closing it is up to you, after the workers have ended.
 * @param options See {@linkcode DenoKvEngineOptions}.
 * @returns The engine.
 * @throws {TypeError} If an option is unknown or of the wrong type.
 * @throws {RangeError} If a number is out of range.
 *
 * @example A message goes to a worker
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { denoKvEngine } from "@taskscope/taskscope/durable/deno-kv";
 *
 * const kv = await Deno.openKv(":memory:"); // deno run --unstable-kv …
 * const engine = denoKvEngine(kv);
 * const gate = Promise.withResolvers<string>();
 * const consumption = await engine.consume(({ body }) => {
 *   gate.resolve(body);
 *   return Promise.resolve({ kind: "done" });
 * }, { concurrency: 1, lease: 30_000, onError: console.error });
 *
 * await engine.enqueue({ key: "a", body: "hello", deadline: new Date(Date.now() + 60_000) });
 * assertEquals(await gate.promise, "hello");
 * await consumption.stop();
 * kv.close();
 * ```
 */
export function denoKvEngine(kv: KvQueueLike, options: DenoKvEngineOptions = {}): DenoKvEngine {
  const what = "Cannot make an engine";
  assertOptions(options, ["prefix", "poll", "keepDead"], what);
  const { prefix = "taskscope-queue", poll = 1_000, keepDead = 14 * DAY } = options;
  assertText(prefix, "prefix", what);
  assertNumber(poll, "poll", what, 1);
  assertNumber(keepDead, "keepDead", what, 1);
  const messages = new KvMessages(kv, prefix, keepDead);
  return {
    name: "deno-kv",
    maxBytes: MAX_BYTES,
    records: new KvRecords(kv, prefix),
    enqueue: (message) => messages.add(message),
    remove: (id) => messages.remove(id),
    consume(receive, options) {
      return Promise.resolve(new KvConsumer(kv, messages, receive, options, poll).start());
    },
    deadLetters: () => messages.dead(),
  };
}
