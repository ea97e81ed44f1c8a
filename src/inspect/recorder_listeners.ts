/**
 * Those who hear of each event as it is recorded.
 *
 * @module
 */
import { isThenable } from "../validate.ts";
import type { LifecycleEvent } from "./events.ts";
import type { Ring } from "./recorder_ring.ts";

/** Receives a plain object. */
export type Listener = (event: LifecycleEvent) => void;

/** Tells listeners of every event in order, each once; none of them can disturb the others or the work. */
export class Listeners {
  readonly #ring: Ring;
  readonly #listeners = new Map<object, Listener>();
  readonly #reported = new WeakSet<object>();
  #told = 0; // how many events they have heard of
  #isTelling = false;

  constructor(ring: Ring) {
    this.#ring = ring;
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** @returns What takes it away again. */
  add(listener: Listener): () => void {
    if (this.size === 0) this.#told = this.#ring.total;
    const key = {};
    this.#listeners.set(key, listener);
    return () => void this.#listeners.delete(key);
  }

  clear(): void {
    this.#listeners.clear();
  }

  /** Begins anew, with a ring that has been cleared. */
  reset(): void {
    this.#told = 0;
  }

  /** Tells of the events that they have not heard of. */
  tell(): void {
    if (this.#isTelling || this.size === 0) return; // by a listener: it goes on below
    this.#isTelling = true;
    while (this.#told < this.#ring.total) {
      const event = this.#ring.at(this.#told++);
      if (!event) continue;
      for (const [key, listener] of [...this.#listeners]) {
        if (this.#listeners.has(key)) this.#call(key, listener, event);
      }
    }
    this.#isTelling = false;
  }

  #call(key: object, listener: Listener, event: LifecycleEvent): void {
    const failed = (error: unknown) => {
      if (this.#reported.has(key)) return;
      this.#reported.add(key);
      console.error("TaskScope: a listener of a recorder threw (told once):", error);
    };
    try {
      const result: unknown = listener(event);
      if (isThenable(result)) result.then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }
}
