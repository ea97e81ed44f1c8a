/**
 * Operations in Deno KV, the database that is part of Deno.
 *
 * `Deno.openKv` needs `--unstable-kv`, or `"unstable": ["kv"]` in deno.json, also where this entry is used; this module
 * itself asks for no flag. Deno only.
 *
 * @module
 */
import { patiently } from "./deno_kv_patience.ts";
import type { KvAtomicLike, KvKey } from "./deno_kv_port.ts";
import type { NewEntry, OperationStore, StoredEntry } from "./store.ts";

export type { KvAtomicLike, KvKey };

/** What is used of a `Deno.Kv`. See {@linkcode denoKvStore}. */
export interface KvLike {
  /** Reads. */
  get(key: KvKey): Promise<{ value: unknown; versionstamp: string | null }>;
  /** Reads all below a key. */
  list(selector: { prefix: KvKey }, options?: { batchSize?: number }): AsyncIterable<{ key: readonly unknown[] }>;
  /** Begins an atomic operation. */
  atomic(): KvAtomicLike;
}

/** Options of {@linkcode denoKvStore}. */
export interface DenoKvStoreOptions {
  /**
   * The first part of every key.
   *
   * @default "taskscope"
   */
  readonly prefix?: string;
}

interface Row {
  /** JSON in UTF-8: a string would count twice against the limit of 64 KiB. */
  readonly json: Uint8Array;
  readonly expiresAt: number;
}

const BATCH = 500;

class DenoKvStore implements OperationStore {
  readonly atomic = true;
  readonly #kv: KvLike;
  readonly #prefix: string;

  constructor(kv: KvLike, prefix: string) {
    this.#kv = kv;
    this.#prefix = prefix;
  }

  async get(key: string): Promise<StoredEntry | undefined> {
    const { row, versionstamp } = await this.#read(key);
    if (!row || versionstamp === null) return undefined;
    return { value: JSON.parse(new TextDecoder().decode(row.json)), version: versionstamp };
  }

  async create(key: string, entry: NewEntry): Promise<string | undefined> {
    const written = await this.#write(key, null, entry);
    if (written !== undefined) return written;
    const { row, versionstamp } = await this.#read(key);
    if (row || versionstamp === null) return undefined;
    return await this.#write(key, versionstamp, entry); // what is there has expired
  }

  async compareAndSet(key: string, version: string, entry: NewEntry): Promise<string | undefined> {
    const { row } = await this.#read(key);
    return row && await this.#write(key, version, entry);
  }

  async delete(key: string): Promise<void> {
    const deletion = this.#kv.atomic().delete(this.#entryKey(key));
    for await (const { key: counted } of this.#counted()) {
      if (counted.at(-1) === key) deletion.delete(counted.map(String));
    }
    await patiently(() => deletion.commit());
  }

  async count(group?: string): Promise<number> {
    let count = 0;
    for await (const _ of this.#counted(group)) count++;
    return count;
  }

  async list(): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.#counted()) keys.push(`${key.at(-1)}`);
    return keys;
  }

  #counted(group?: string): AsyncIterable<{ key: readonly unknown[] }> {
    const prefix = [this.#prefix, "counted", ...group === undefined ? [] : [group]];
    return this.#kv.list({ prefix }, { batchSize: BATCH });
  }

  #entryKey(key: string): KvKey {
    return [this.#prefix, "entry", key];
  }

  async #read(key: string): Promise<{ row: Row | undefined; versionstamp: string | null }> {
    const { value, versionstamp } = await this.#kv.get(this.#entryKey(key));
    const row = value as Row | null;
    return { row: row && row.expiresAt > Date.now() ? row : undefined, versionstamp };
  }

  async #write(key: string, versionstamp: string | null, entry: NewEntry): Promise<string | undefined> {
    const { value, expiresAt, group, counted = false } = entry;
    const entryKey = this.#entryKey(key);
    const row: Row = { json: new TextEncoder().encode(JSON.stringify(value)), expiresAt };
    const expiry = { expireIn: Math.max(1, expiresAt - Date.now()) };
    const writes = this.#kv.atomic().check({ key: entryKey, versionstamp }).set(entryKey, row, expiry);
    if (group !== undefined) {
      const countedKey = [this.#prefix, "counted", group, key];
      if (counted) writes.set(countedKey, true, expiry);
      else writes.delete(countedKey);
    }
    const result = await patiently(() => writes.commit());
    return result.ok ? result.versionstamp : undefined;
  }
}

/**
 * Keeps operations in Deno KV: a file beside the program, or the database of Deno Deploy.
 *
 * **Guarantees.** Atomic, also among processes that open the same file. A value has at most 64 KiB, so keep `limits.result`
 * well below. Expired entries are removed by Deno KV itself.
 *
 * @param kv What `Deno.openKv()` gives. Closing it is up to you.
 * @param options See {@linkcode DenoKvStoreOptions}.
 * @returns The store.
 *
 * @example
 * ```ts ignore
 * import { Operations } from "@taskscope/taskscope/operations";
 * import { denoKvStore } from "@taskscope/taskscope/operations/deno-kv";
 *
 * const operations = new Operations({ store: denoKvStore(await Deno.openKv()) }); // deno run --unstable-kv …
 * ```
 */
export function denoKvStore(kv: KvLike, options: DenoKvStoreOptions = {}): OperationStore {
  const { prefix = "taskscope" } = options;
  return new DenoKvStore(kv, prefix);
}
