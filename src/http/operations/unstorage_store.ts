/**
 * Operations in anything that unstorage has a driver for: a folder, Redis, Cloudflare KV and many others.
 *
 * @module
 */
import { CountedKeys } from "./counted_keys.ts";
import { KeyedLock } from "./keyed_lock.ts";
import type { NewEntry, OperationStore, StoredEntry } from "./store.ts";

/** What is used of a `Storage` of unstorage. See {@linkcode unstorageStore}. */
export interface StorageLike {
  /** Reads. */
  getItem(key: string): Promise<unknown>;
  /** Writes; `ttl` is in seconds, and drivers that have none ignore it. */
  setItem(key: string, value: Row, options?: { ttl?: number }): Promise<void>;
  /** Removes. */
  removeItem(key: string): Promise<void>;
  /** The keys that begin so. */
  getKeys(base?: string): Promise<string[]>;
}

/** What is written under a key. See {@linkcode unstorageStore}. */
export interface Row {
  /** JSON as text: what a driver parses on its own stays as it is. */
  readonly json: string;
  /** Another one each time. */
  readonly version: string;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Options of {@linkcode unstorageStore}. */
export interface UnstorageStoreOptions {
  /**
   * What every key begins with.
   *
   * @default "taskscope"
   */
  readonly prefix?: string;
}

const PURGE_EVERY = 600_000; // milliseconds: it reads every key

class UnstorageStore implements OperationStore {
  readonly atomic = false;
  readonly #storage: StorageLike;
  readonly #prefix: string;
  readonly #lock = new KeyedLock();
  readonly #counted = new CountedKeys(() => this.#listCounted());
  #purgedAt = Date.now();

  constructor(storage: StorageLike, prefix: string) {
    this.#storage = storage;
    this.#prefix = prefix;
  }

  /** In its turn: some drivers show half of what is being written. */
  get(key: string): Promise<StoredEntry | undefined> {
    return this.#lock.run(key, async () => {
      const row = await this.#read(this.#entryKey(key));
      return row && { value: JSON.parse(row.json), version: row.version };
    });
  }

  create(key: string, entry: NewEntry): Promise<string | undefined> {
    return this.#lock.run(key, async () => {
      return await this.#read(this.#entryKey(key)) ? undefined : await this.#write(key, entry);
    });
  }

  compareAndSet(key: string, version: string, entry: NewEntry): Promise<string | undefined> {
    return this.#lock.run(key, async () => {
      return (await this.#read(this.#entryKey(key)))?.version === version ? await this.#write(key, entry) : undefined;
    });
  }

  delete(key: string): Promise<void> {
    return this.#lock.run(key, async () => {
      const group = this.#counted.groupOf(key);
      await this.#storage.removeItem(this.#entryKey(key));
      if (group === undefined) return;
      await this.#storage.removeItem(this.#countedKey(key, group));
      this.#counted.change(key, undefined);
    });
  }

  count(group?: string): Promise<number> {
    return this.#counted.count(group);
  }

  async list(): Promise<string[]> {
    return [...await this.#counted.refresh()];
  }

  async purge(): Promise<void> {
    if (Date.now() - this.#purgedAt < PURGE_EVERY) return;
    this.#purgedAt = Date.now();
    for (const kind of ["entry", "counted"]) {
      const keys = await this.#storage.getKeys(`${this.#prefix}:${kind}:`);
      for (const key of keys) await this.#lock.run(key.split(":").at(-1) ?? "", () => this.#purge(key));
    }
    await this.#counted.refresh();
  }

  /** Nothing but rows of its own: the storage may have other users. */
  async #purge(key: string): Promise<void> {
    const row = await this.#storage.getItem(key) as Partial<Row> | null;
    if (typeof row?.expiresAt === "number" && row.expiresAt <= Date.now()) await this.#storage.removeItem(key);
  }

  async #listCounted(): Promise<[key: string, group: string][]> {
    const keys = await this.#storage.getKeys(`${this.#prefix}:counted:`);
    return keys.map((key) => {
      const [group = "", name = ""] = key.split(":").slice(-2);
      return [name, group];
    });
  }

  #countedKey(key: string, group: string): string {
    return `${this.#prefix}:counted:${group}:${key}`;
  }

  #entryKey(key: string): string {
    return `${this.#prefix}:entry:${key}`;
  }

  async #read(key: string): Promise<Row | undefined> {
    const row = await this.#storage.getItem(key) as Row | null;
    return row && row.expiresAt > Date.now() ? row : undefined;
  }

  async #write(key: string, { value, expiresAt, group, counted = false }: NewEntry): Promise<string> {
    const version = crypto.randomUUID();
    const ttl = { ttl: Math.max(1, Math.ceil((expiresAt - Date.now()) / 1_000)) };
    const row = { json: JSON.stringify(value), version, expiresAt };
    // Counted too long if the process ends in between, never too short; written once, however often the entry is.
    if (group !== undefined && counted && this.#counted.groupOf(key) !== group) {
      await this.#storage.setItem(this.#countedKey(key, group), { json: "true", version: "", expiresAt }, ttl);
      this.#counted.change(key, group);
    }
    await this.#storage.setItem(this.#entryKey(key), row, ttl);
    if (group !== undefined && !counted) {
      await this.#storage.removeItem(this.#countedKey(key, group));
      this.#counted.change(key, undefined);
    }
    return version;
  }
}

/**
 * Keeps operations in a storage of unstorage.
 *
 * **Guarantees.** Not atomic: unstorage can neither compare and set nor create if absent. Inside one process, one store of
 * this kind does so itself, with a turn for each key; what that means among processes is said at
 * `Operations`. What other processes start counts against the limits two seconds later. For idempotency keys that
 * are exact among processes, take PostgreSQL or Deno KV.
 *
 * @param storage What `createStorage({ driver })` gives. Make one store of it for the process.
 * @param options See {@linkcode UnstorageStoreOptions}.
 * @returns The store.
 *
 * @example
 * ```ts ignore
 * import { Operations } from "@taskscope/taskscope/operations";
 * import { unstorageStore } from "@taskscope/taskscope/operations/unstorage";
 * import { createStorage } from "unstorage";
 * import redisDriver from "unstorage/drivers/redis";
 *
 * const storage = createStorage({ driver: redisDriver({ url: "redis://127.0.0.1:6379" }) });
 * const operations = new Operations({ store: unstorageStore(storage) });
 * ```
 */
export function unstorageStore(storage: StorageLike, options: UnstorageStoreOptions = {}): OperationStore {
  const { prefix = "taskscope" } = options;
  return new UnstorageStore(storage, prefix);
}
