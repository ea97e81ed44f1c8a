/**
 * Who in this process waits for a change of which operation.
 *
 * @module
 */
import type { OperationStore } from "./store.ts";

interface Watched {
  readonly listeners: Set<() => void>;
  readonly stop: (() => void) | undefined;
}

/** One watch at the store for each key that somebody here listens to. */
export class Hub {
  readonly #store: OperationStore;
  readonly #watched = new Map<string, Watched>();

  constructor(store: OperationStore) {
    this.#store = store;
  }

  /** How many listen. */
  get listeners(): number {
    return Array.from(this.#watched.values()).reduce((sum, { listeners }) => sum + listeners.size, 0);
  }

  /**
   * Has `listener` called after each change of a key.
   *
   * @param listener A function of its own for each call.
   * @returns What ends it.
   */
  listen(key: string, listener: () => void): () => void {
    let watched = this.#watched.get(key);
    if (!watched) {
      const stop = this.#store.watch?.(key, () => this.tell(key));
      this.#watched.set(key, watched = { listeners: new Set(), stop });
    }
    const { listeners, stop } = watched;
    listeners.add(listener);
    return () => {
      if (!listeners.delete(listener) || listeners.size > 0) return;
      this.#watched.delete(key);
      stop?.();
    };
  }

  /** Tells all that a key has changed. */
  tell(key: string): void {
    for (const listener of this.#watched.get(key)?.listeners ?? []) listener();
  }
}
