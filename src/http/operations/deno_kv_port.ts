/**
 * What operations and durable hand-off both use of Deno KV.
 *
 * @module
 */

/** A key of Deno KV, as far as it is used here. See {@linkcode denoKvStore}. */
export type KvKey = readonly string[];

/** An atomic operation of Deno KV, as far as it is used here. See {@linkcode denoKvStore}. */
export interface KvAtomicLike {
  /** Has `commit` do nothing unless these versions are still there. */
  check(...checks: { key: KvKey; versionstamp: string | null }[]): KvAtomicLike;
  /** Writes. */
  set(key: KvKey, value: unknown, options?: { expireIn?: number }): KvAtomicLike;
  /** Removes. */
  delete(key: KvKey): KvAtomicLike;
  /** Does all of it, or nothing. */
  commit(): Promise<{ ok: true; versionstamp: string } | { ok: false }>;
}
