/**
 * The port to a store: where operations survive the process.
 *
 * @module
 */

/** What is written under a key. See {@linkcode OperationStore}. */
export interface NewEntry {
  /** Plain JSON. */
  readonly value: unknown;
  /** When it may be forgotten, in milliseconds since 1970. */
  readonly expiresAt: number;
  /** Whom it counts for; an entry of a key keeps its group for ever. */
  readonly group?: string;
  /**
   * Whether `count` and `list` see it; only with a `group`.
   *
   * @default false
   */
  readonly counted?: boolean;
}

/** What is read under a key. See {@linkcode OperationStore}. */
export interface StoredEntry {
  /** As it was written, and a copy of its own. */
  readonly value: unknown;
  /** Differs from every other version that the key had. */
  readonly version: string;
}

/**
 * Where operations are kept. Keys and groups have 1 to 80 of the characters `a` to `z`, `0` to `9` and `-`.
 *
 * Every store passes the same conformance suite. What one cannot do, `atomic` says; see {@linkcode Operations} for what
 * that means. A method that rejects counts as a store that cannot be reached now.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memoryStore, type OperationStore } from "@taskscope/taskscope/operations";
 *
 * const store: OperationStore = memoryStore();
 * const version = await store.create("a", { value: { n: 1 }, expiresAt: Date.now() + 60_000 });
 * assertEquals(await store.create("a", { value: { n: 2 }, expiresAt: Date.now() + 60_000 }), undefined);
 * assertEquals(await store.get("a"), { value: { n: 1 }, version: version ?? "" });
 * ```
 */
export interface OperationStore {
  /** Whether `create` and `compareAndSet` are atomic among all processes that use the store, not only in this one. */
  readonly atomic: boolean;
  /** What is under a key; `undefined` if there is nothing, or it has expired. */
  get(key: string): Promise<StoredEntry | undefined>;
  /** Writes where nothing is: the new version, or `undefined` if there is something. */
  create(key: string, entry: NewEntry): Promise<string | undefined>;
  /** Writes where that version still is: the new version, or `undefined` if another one is there, or nothing. */
  compareAndSet(key: string, version: string, entry: NewEntry): Promise<string | undefined>;
  /** Forgets a key, whether there is something or not. */
  delete(key: string): Promise<void>;
  /** How many counted entries a group has; without one, how many there are. */
  count(group?: string): Promise<number>;
  /** The keys of all counted entries. */
  list(): Promise<string[]>;
  /**
   * Calls `onChange` soon after each change of a key, also one by another process, if it can: the layer above polls as
   * well. Returns what ends it.
   */
  watch?(key: string, onChange: () => void): () => void;
  /** Removes what has expired, if the store does not do so by itself. Called from time to time. */
  purge?(): Promise<void>;
}
