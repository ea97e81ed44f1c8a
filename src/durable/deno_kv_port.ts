/**
 * What is used of Deno KV, and what its peculiarities ask for.
 *
 * @module
 */
import { digestText } from "../http/digest.ts";
import type { KvAtomicLike, KvKey } from "../http/operations/deno_kv_port.ts";

/** What is used of a `Deno.Kv`. See {@linkcode denoKvEngine}. */
export interface KvQueueLike {
  /** Reads. */
  get(key: KvKey): Promise<{ value: unknown; versionstamp: string | null }>;
  /** Reads all below a key, in order. */
  list(
    selector: { prefix: KvKey },
    options: { limit?: number },
  ): AsyncIterable<{ key: readonly unknown[]; value: unknown; versionstamp: string }>;
  /** Tells when a key changes, in this process or, with a remote database, in any. */
  watch(keys: readonly [KvKey]): ReadableStream<unknown>;
  /** Begins an atomic operation. */
  atomic(): KvAtomicLike;
}

const LONGEST_PART = 300; // in UTF-16 units: a key has at most 2 KiB

/** A text as one part of a key: itself, or a hash if it is long or would not come back as it is. */
export async function keyPart(text: string): Promise<string> {
  if (text.length <= LONGEST_PART && text.isWellFormed() && !text.startsWith("sha256:")) return text;
  return `sha256:${await digestText(JSON.stringify(text))}`; // JSON tells lone surrogates apart
}
