/**
 * The store that ends with the process.
 *
 * @module
 */
import type { NewEntry, OperationStore, StoredEntry } from "./store.ts";

interface Row {
  /** As text, so that nobody shares an object with the store. */
  readonly text: string;
  readonly version: string;
  readonly expiresAt: number;
  readonly group: string | undefined; // of a counted entry only
}

class MemoryStore implements OperationStore {
  readonly atomic = true;
  readonly #rows = new Map<string, Row>();
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #counts = new Map<string, number>();
  #counted = 0;
  #versions = 0;

  get(key: string): Promise<StoredEntry | undefined> {
    const row = this.#live(key);
    return Promise.resolve(row && { value: JSON.parse(row.text), version: row.version });
  }

  create(key: string, entry: NewEntry): Promise<string | undefined> {
    return Promise.resolve(this.#live(key) ? undefined : this.#write(key, entry));
  }

  compareAndSet(key: string, version: string, entry: NewEntry): Promise<string | undefined> {
    return Promise.resolve(this.#live(key)?.version === version ? this.#write(key, entry) : undefined);
  }

  delete(key: string): Promise<void> {
    this.#forget(key);
    this.#tell(key);
    return Promise.resolve();
  }

  count(group?: string): Promise<number> {
    return Promise.resolve(group === undefined ? this.#counted : this.#counts.get(group) ?? 0);
  }

  list(): Promise<string[]> {
    return Promise.resolve(Array.from(this.#rows).flatMap(([key, { group }]) => group === undefined ? [] : [key]));
  }

  watch(key: string, onChange: () => void): () => void {
    const watcher = () => onChange(); // its own, though the function may be another's, too
    const watchers = this.#watchers.get(key) ?? new Set();
    this.#watchers.set(key, watchers.add(watcher));
    return () => {
      if (watchers.delete(watcher) && watchers.size === 0) this.#watchers.delete(key);
    };
  }

  purge(): Promise<void> {
    const now = Date.now();
    for (const [key, { expiresAt }] of this.#rows) if (expiresAt <= now) this.#forget(key);
    return Promise.resolve();
  }

  #live(key: string): Row | undefined {
    const row = this.#rows.get(key);
    if (!row || row.expiresAt > Date.now()) return row;
    this.#forget(key);
    return undefined;
  }

  #write(key: string, { value, expiresAt, group, counted = false }: NewEntry): string {
    this.#forget(key);
    const row = {
      text: JSON.stringify(value),
      version: `${++this.#versions}`,
      expiresAt,
      group: counted ? group : undefined,
    };
    this.#rows.set(key, row);
    this.#add(row, 1);
    this.#tell(key);
    return row.version;
  }

  #forget(key: string): void {
    const row = this.#rows.get(key);
    if (row) this.#add(row, -1);
    this.#rows.delete(key);
  }

  #add({ group }: Row, change: number): void {
    if (group === undefined) return;
    this.#counted += change;
    const count = (this.#counts.get(group) ?? 0) + change;
    if (count > 0) this.#counts.set(group, count);
    else this.#counts.delete(group);
  }

  #tell(key: string): void {
    for (const watcher of this.#watchers.get(key) ?? []) watcher();
  }
}

/**
 * Keeps operations in memory: for tests, for one process, and for a start.
 *
 * **Guarantees.** Atomic. All is forgotten when the process ends, so no operation is ever found `lost`.
 *
 * @returns A new, empty store.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memoryStore } from "@taskscope/taskscope/operations";
 *
 * assertEquals(await memoryStore().count(), 0);
 * ```
 */
export function memoryStore(): OperationStore {
  return new MemoryStore();
}
