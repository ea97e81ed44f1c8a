/**
 * Small facts in Deno KV.
 *
 * @module
 */
import { patiently } from "../http/operations/deno_kv_patience.ts";
import type { KvKey } from "../http/operations/deno_kv_port.ts";
import type { Records } from "./engine.ts";
import { keyPart, type KvQueueLike } from "./deno_kv_port.ts";

interface Row {
  /** UTF-8: a string would count twice against the limit of 64 KiB. */
  readonly text: Uint8Array;
  readonly expiresAt: number;
}

/** The records below one prefix. */
export class KvRecords implements Records {
  readonly #kv: KvQueueLike;
  readonly #prefix: string;

  constructor(kv: KvQueueLike, prefix: string) {
    this.#kv = kv;
    this.#prefix = prefix;
  }

  async get(key: string): Promise<string | undefined> {
    const { row } = await this.#read(await this.#key(key));
    return row && new TextDecoder("utf-8", { ignoreBOM: true }).decode(row.text);
  }

  async set(key: string, value: string, ttl: number, onlyIfAbsent = false): Promise<boolean> {
    const kvKey = await this.#key(key);
    const row: Row = { text: new TextEncoder().encode(value), expiresAt: Date.now() + ttl };
    for (;;) {
      const writes = this.#kv.atomic();
      if (onlyIfAbsent) {
        const { row: existing, versionstamp } = await this.#read(kvKey);
        if (existing) return false;
        writes.check({ key: kvKey, versionstamp });
      }
      writes.set(kvKey, row, { expireIn: Math.max(1, ttl) });
      if ((await patiently(() => writes.commit())).ok) return true;
    }
  }

  async delete(key: string): Promise<void> {
    const kvKey = await this.#key(key);
    await patiently(() => this.#kv.atomic().delete(kvKey).commit());
  }

  /** Without a row that has expired: Deno KV removes it some time after that. */
  async #read(key: KvKey): Promise<{ row: Row | undefined; versionstamp: string | null }> {
    const { value, versionstamp } = await this.#kv.get(key);
    const row = value as Row | null;
    return { row: row && row.expiresAt > Date.now() ? row : undefined, versionstamp };
  }

  async #key(key: string): Promise<KvKey> {
    return [this.#prefix, "record", await keyPart(key)];
  }
}
