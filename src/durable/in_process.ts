/**
 * An engine in the memory of this process: for tests and development. What it holds does not survive the process.
 *
 * Invariants:
 * 1. A message is in one place: ready, waiting for its time, with one delivery, or ended. A delivery that lost its lease
 *    is no longer heard.
 * 2. A connection that crashed changes nothing any more.
 * 3. Timers are set only while there is a consumer, and something waits for its time or is with a worker.
 *
 * @module
 */
import { DeadlineHeap, type HeapEntry } from "../deadline.ts";
import { assertCount, assertOptions } from "../validate.ts";
import type { ConsumeOptions, Consumption, DeadLetter, Delivery, Engine, Message, Records, Verdict } from "./engine.ts";

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
   * As if the process of this connection were killed now: it takes nothing more, what it does from now on is not heard,
   * and what its workers had is delivered to others when its lease is over.
   */
  crash(): void;
}

type State = "ready" | "waiting" | "leased" | "ended";

interface Entry {
  readonly id: string;
  readonly body: string;
  readonly enqueuedAt: number;
  readonly forgetAt: number;
  state: State;
  attempts: number;
  dueAt: number; // the end of its delay or its lease, in milliseconds since 1970
  timer: HeapEntry | undefined;
  holder: object | undefined; // the delivery that it is with
}

interface Consumer {
  readonly concurrency: number;
  active: number;
  isStopped: boolean;
  take(entry: Entry): void;
}

interface Kept {
  readonly value: string;
  readonly expiresAt: number;
}

const KNOWN_AFTER = 60_000; // how long a key is known after the deadline of its message, in milliseconds

/** What all connections share. */
class Queue {
  readonly heap = new DeadlineHeap();
  readonly entries = new Map<string, Entry>(); // by id
  readonly ids = new Map<string, string>(); // by key
  readonly ready = new Set<Entry>(); // first in, first out
  readonly timed = new Set<Entry>(); // with a delay or a lease
  readonly consumers = new Set<Consumer>();
  readonly dead: DeadLetter[] = [];
  readonly kept = new Map<string, Kept>();

  add({ key, body, deadline }: Message): string {
    const now = Date.now();
    for (const [key, id] of this.ids) { // the oldest first; most live about as long
      const entry = this.entries.get(id);
      if (entry && (entry.state !== "ended" || entry.forgetAt > now)) break;
      this.ids.delete(key);
      this.entries.delete(id);
    }
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    const id = crypto.randomUUID();
    const forgetAt = deadline.getTime() + KNOWN_AFTER;
    const entry: Entry = {
      ...{ id, body, enqueuedAt: now, forgetAt },
      ...{ state: "waiting", attempts: 0, dueAt: 0, timer: undefined, holder: undefined },
    };
    this.ids.set(key, id);
    this.entries.set(id, entry);
    this.free(entry);
    return id;
  }

  /** Lets the next consumer have it. */
  free(entry: Entry): void {
    this.#leave(entry, "ready");
    this.ready.add(entry);
    this.pump();
  }

  end(entry: Entry): void {
    this.#leave(entry, "ended");
    this.ready.delete(entry);
  }

  /** Frees it after a time: of a delay or, with a holder, of a lease. */
  hold(entry: Entry, ms: number, holder?: object): void {
    this.#leave(entry, holder ? "leased" : "waiting");
    entry.holder = holder;
    entry.dueAt = Date.now() + ms;
    this.timed.add(entry);
    this.#arm(entry);
  }

  join(consumer: Consumer): void {
    this.consumers.add(consumer);
    for (const entry of this.timed) this.#arm(entry);
    this.pump();
  }

  leave(consumer: Consumer): void {
    this.consumers.delete(consumer);
    if (this.consumers.size > 0) return;
    for (const entry of this.timed) this.#disarm(entry); // invariant 3
  }

  #leave(entry: Entry, state: State): void {
    this.#disarm(entry);
    this.timed.delete(entry);
    entry.state = state;
    entry.holder = undefined;
  }

  #arm(entry: Entry): void {
    if (this.consumers.size > 0) entry.timer ??= this.heap.add(entry.dueAt, () => this.free(entry));
  }

  #disarm(entry: Entry): void {
    this.heap.remove(entry.timer);
    entry.timer = undefined;
  }

  pump(): void {
    for (const entry of this.ready) {
      // The least busy one first, as several processes would share it.
      const free = [...this.consumers].filter(({ active, concurrency }) => active < concurrency);
      const next = free.sort((a, b) => a.active - b.active)[0];
      if (!next) return;
      this.ready.delete(entry);
      next.take(entry);
    }
  }

  get(key: string): string | undefined {
    const kept = this.kept.get(key);
    if (kept && kept.expiresAt > Date.now()) return kept.value;
    this.kept.delete(key);
    return undefined;
  }
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
  /** Invariant 2; and what an engine does takes a turn, also this one. */
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
          queue.kept.set(key, { value, expiresAt: Date.now() + ttl });
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

async function deliver(
  queue: Queue,
  entry: Entry,
  receive: (delivery: Delivery) => Promise<Verdict>,
  { lease, onError }: ConsumeOptions,
  isCrashed: () => boolean,
): Promise<void> {
  const holder = {};
  entry.attempts++;
  queue.hold(entry, lease, holder);
  const { id, body, attempts: attempt, enqueuedAt } = entry;
  await undefined; // never within enqueue
  let verdict: Verdict;
  try {
    verdict = await receive({
      ...{ id, body, attempt, waited: Date.now() - enqueuedAt },
      async extend(ms) {
        await undefined;
        if (isCrashed() || entry.holder !== holder) throw new Error(`Cannot extend the lease of ${id}: it is over`);
        queue.hold(entry, ms, holder);
      },
    });
  } catch (error) {
    return onError(error); // it comes again when its lease is over
  }
  if (isCrashed() || entry.holder !== holder) return; // invariants 1 and 2
  if (verdict.kind === "dead") queue.dead.push({ id, body, reason: verdict.reason });
  if (verdict.kind === "done" || verdict.kind === "dead") queue.end(entry);
  else if (verdict.kind === "give-back") {
    entry.attempts--;
    queue.free(entry);
  } else queue.hold(entry, verdict.delay);
}
