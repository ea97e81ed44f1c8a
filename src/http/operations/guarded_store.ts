/**
 * A store whose errors can be told from all others.
 *
 * @module
 */
import type { NewEntry, OperationStore, StoredEntry } from "./store.ts";

/** The store failed; `cause` tells how. */
export class StoreFailure extends Error {
  override readonly name = "StoreFailure";
}

/** Wraps what a store rejects with, and what it throws. */
export class GuardedStore implements OperationStore {
  readonly atomic: boolean;
  readonly #store: OperationStore;

  constructor(store: OperationStore) {
    this.#store = store;
    this.atomic = store.atomic;
  }

  get(key: string): Promise<StoredEntry | undefined> {
    return guard("get", () => this.#store.get(key));
  }

  create(key: string, entry: NewEntry): Promise<string | undefined> {
    return guard("create", () => this.#store.create(key, entry));
  }

  compareAndSet(key: string, version: string, entry: NewEntry): Promise<string | undefined> {
    return guard("compareAndSet", () => this.#store.compareAndSet(key, version, entry));
  }

  delete(key: string): Promise<void> {
    return guard("delete", () => this.#store.delete(key));
  }

  count(group?: string): Promise<number> {
    return guard("count", () => this.#store.count(group));
  }

  list(): Promise<string[]> {
    return guard("list", () => this.#store.list());
  }

  /** One that fails is none: the layer above polls as well. */
  watch(key: string, onChange: () => void): () => void {
    try {
      return this.#store.watch?.(key, onChange) ?? (() => {});
    } catch {
      return () => {};
    }
  }

  purge(): Promise<void> {
    return guard("purge", async () => await this.#store.purge?.());
  }
}

async function guard<T>(method: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw new StoreFailure(`The store of operations failed in ${method}()`, { cause });
  }
}
