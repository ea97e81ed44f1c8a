/**
 * One instance of a host: its globals, and the clock that counts from its start.
 *
 * @module
 */
import type { DeadlineHeap, HeapEntry } from "../deadline.ts";
import { enter } from "./execution.ts";
import { globalsOf, replaceAll, setEnvironment } from "./globals.ts";
import type { SimulatedProfile } from "./profile.ts";
import { installTimers } from "./timers.ts";

/** What an instance needs of its host. */
export interface InstanceHost {
  readonly heap: DeadlineHeap;
  /** The object with `waitUntil` of the invocation that runs now. */
  context(): object | undefined;
  /** A call of the instance's own `waitUntil`. */
  hold(work: unknown): void;
  /** The instance has used up its time. */
  limitReached(): void;
}

/** An instance, from its start on. */
export class Instance {
  readonly #heap: DeadlineHeap;
  readonly #clock: HeapEntry[] = [];
  readonly #restore: (() => void)[];

  constructor(profile: SimulatedProfile, host: InstanceHost) {
    const { platform, limit } = profile;
    this.#heap = host.heap;
    const instance = {
      waitUntil<T>(work: T): T { // Supabase's returns what it is given
        host.hold(work);
        return work;
      },
    };
    const sources = { context: () => host.context(), instance, bootedAt: Date.now() };
    this.#restore = [
      installTimers(),
      replaceAll(globalsOf(platform, limit.trigger, sources)),
      setEnvironment(platform),
    ];
    if (limit.origin !== "isolate-start" || limit.ms === null) return;
    const { ms, warnsAt } = limit;
    if (warnsAt !== undefined) this.at(ms * warnsAt, () => this.beforeUnload("wall_clock"));
    this.at(ms, () => host.limitReached());
  }

  /** Has something done in so many milliseconds, unless the instance ends before. */
  at(ms: number, due: () => void): void {
    this.#clock.push(enter(undefined, () => this.#heap.add(Date.now() + ms, due)));
  }

  /** Dispatches the event by which Supabase announces the end. */
  beforeUnload(reason: string): void {
    enter(undefined, () => globalThis.dispatchEvent(new CustomEvent("beforeunload", { detail: { reason } })));
  }

  /** Restores the globals and stops the clock. */
  close(): void {
    for (const entry of this.#clock) this.#heap.remove(entry);
    for (const restore of this.#restore.reverse()) restore();
  }
}
