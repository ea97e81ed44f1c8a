/**
 * A queue in memory: messages, their leases, and who takes them.
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
import {
  type ConsumeOptions,
  type DeadLetter,
  type Delivery,
  KNOWN_AFTER,
  type Message,
  type Verdict,
} from "./engine.ts";

type State = "ready" | "waiting" | "leased" | "ended";

/** A message. */
export interface Entry {
  readonly id: string;
  body: string; // empty once it has ended
  readonly enqueuedAt: number;
  readonly forgetAt: number;
  state: State;
  attempts: number;
  dueAt: number; // the end of its delay or its lease, in milliseconds since 1970
  timer: HeapEntry | undefined;
  holder: object | undefined; // the delivery that it is with
}

/** What takes messages. */
export interface Consumer {
  readonly concurrency: number;
  active: number;
  isStopped: boolean;
  take(entry: Entry): void;
}

interface Kept {
  readonly value: string;
  readonly expiresAt: number;
}

const FEW_KEPT = 1_000;

/** What all connections share. */
export class Queue {
  readonly heap = new DeadlineHeap();
  readonly entries = new Map<string, Entry>(); // by id
  readonly ids = new Map<string, string>(); // by key
  readonly ready = new Set<Entry>(); // first in, first out
  readonly timed = new Set<Entry>(); // with a delay or a lease
  readonly consumers = new Set<Consumer>();
  readonly dead: DeadLetter[] = [];
  readonly kept = new Map<string, Kept>();
  #sweepAt = FEW_KEPT;

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
    entry.body = "";
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

  keep(key: string, value: string, ttl: number): void {
    const now = Date.now();
    this.kept.set(key, { value, expiresAt: now + ttl });
    if (this.kept.size < this.#sweepAt) return;
    for (const [each, { expiresAt }] of this.kept) if (expiresAt <= now) this.kept.delete(each);
    this.#sweepAt = Math.max(FEW_KEPT, 2 * this.kept.size); // seldom, however many live on
  }

  get(key: string): string | undefined {
    const kept = this.kept.get(key);
    if (kept && kept.expiresAt > Date.now()) return kept.value;
    this.kept.delete(key);
    return undefined;
  }
}

/** Has a consumer process a message. */
export async function deliver(
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
