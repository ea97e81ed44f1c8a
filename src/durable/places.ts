/**
 * What a consumption of any engine that is polled needs: places for deliveries, waiting that can be cut short, and
 * verdicts that reach the engine although the connection fails for a while.
 *
 * Invariants:
 * 1. At most `count` deliveries are under way.
 * 2. A timer is set only while somebody waits.
 *
 * @module
 */
import { DeadlineHeap } from "../deadline.ts";

/** Waiting that another one can end. */
export class Nap {
  readonly #heap = new DeadlineHeap();
  #end: (() => void) | undefined;
  #isRung = false;

  /** Resolves after `ms` milliseconds, or at the next {@linkcode ring}; at once if that came since the last time. */
  async take(ms: number): Promise<void> {
    if (!this.#isRung) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const entry = this.#heap.add(Date.now() + ms, resolve);
      this.#end = resolve;
      await promise;
      this.#heap.remove(entry); // invariant 2
      this.#end = undefined;
    }
    this.#isRung = false;
  }

  /** Ends the waiting. */
  ring(): void {
    this.#isRung = true;
    this.#end?.();
  }
}

/** As many places as deliveries may be under way at once. */
export class Places {
  #free: number;
  readonly #count: number;
  #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#count = this.#free = count;
  }

  /** How many are free. */
  get free(): number {
    return this.#free;
  }

  /** Takes a place for as long as `fn` runs, which never rejects; invariant 1 is the caller's. */
  use(fn: () => Promise<void>): void {
    this.#free--;
    void fn().finally(() => {
      this.#free++;
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }

  /** Resolves when a place is free. */
  async room(): Promise<void> {
    while (this.#free <= 0) await this.#change();
  }

  /** Resolves when all are free. */
  async empty(): Promise<void> {
    while (this.#free < this.#count) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

const FIRST_PAUSE = 50; // milliseconds
const LONGEST_PAUSE = 1_000;

/** Of {@linkcode insist}. */
export interface InsistOptions {
  /** When there is no use in it any more, in milliseconds since 1970; may move on. */
  readonly until: () => number;
  /** Told of every failure. */
  readonly onError: (error: unknown) => void;
  /** Whether a failure means that it is too late. */
  readonly isFinal: (error: unknown) => boolean;
}

/**
 * Repeats `fn` until it resolves, or it is of no use any more: a verdict is worth a few attempts, since without it the work
 * is done again.
 */
export async function insist(fn: () => Promise<unknown>, { until, onError, isFinal }: InsistOptions): Promise<void> {
  for (let pause = FIRST_PAUSE;; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    const attempt = fn().then(() => true, (error) => {
      if (isFinal(error)) return true;
      onError(error);
      return false;
    });
    if (await within(until() - Date.now(), attempt) !== false) return;
    await new Nap().take(pause);
    if (Date.now() >= until()) return;
  }
}

/** Stops waiting after `ms` milliseconds: a client that waits for its connection may wait for ever. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const nap = new Nap();
  const late = nap.take(Math.max(ms, 0)).then(() => undefined);
  void promise.then(() => nap.ring());
  return await Promise.race([promise, late]);
}
