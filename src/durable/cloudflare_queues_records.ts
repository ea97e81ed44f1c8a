/**
 * Small facts on Cloudflare: in a KV namespace, or in Durable Objects.
 *
 * @module
 */
import { digestText } from "../http/digest.ts";
import { bytesOf } from "./cloudflare_queues_wire.ts";
import type { Records } from "./engine.ts";

/** What is used of a KV namespace. See {@linkcode kvRecords}. */
export interface KvNamespaceLike {
  /** Reads. */
  get(key: string): Promise<string | null>;
  /** Writes; `expirationTtl` is in seconds, and at least 60. */
  put(key: string, value: string, options?: { expirationTtl?: number }): Promise<void>;
  /** Removes. */
  delete(key: string): Promise<void>;
}

const LEAST_TTL = 60; // seconds
const LONGEST_KEY = 512; // bytes

/**
 * Records in a KV namespace.
 *
 * **Guarantees.** A value is there at once where it was written, and up to a minute later everywhere else, as KV is: a
 * cancellation takes as long to reach a worker in another place, and of two that use `onlyIfAbsent` at the same time, both
 * may write. KV takes one write a second to a key, and a value for 60 seconds at least: what is to end earlier is still
 * there, but not given. Where that matters, use {@linkcode durableObjectRecords}.
 *
 * @param namespace The binding.
 * @returns The records.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { kvRecords } from "@taskscope/taskscope/durable/cloudflare-queues";
 *
 * const held = new Map<string, string>(); // env.KV, outside of an example
 * const records = kvRecords({
 *   get: (key) => Promise.resolve(held.get(key) ?? null),
 *   put: (key, value) => Promise.resolve(void held.set(key, value)),
 *   delete: (key) => Promise.resolve(void held.delete(key)),
 * });
 * await records.set("a", "1", 60_000);
 * assertEquals(await records.get("a"), "1");
 * ```
 */
export function kvRecords(namespace: KvNamespaceLike): Records {
  async function get(key: string): Promise<string | undefined> {
    const kept = await namespace.get(await shortKey(key));
    return kept === null ? undefined : unpack(kept);
  }
  return {
    get,
    async set(key, value, ttl, onlyIfAbsent = false) {
      if (onlyIfAbsent && await get(key) !== undefined) return false;
      const expirationTtl = Math.max(LEAST_TTL, Math.ceil(ttl / 1_000));
      await namespace.put(await shortKey(key), pack(value, ttl), { expirationTtl });
      return true;
    },
    async delete(key) {
      await namespace.delete(await shortKey(key));
    },
  };
}

/** What is used of a namespace of Durable Objects. See {@linkcode durableObjectRecords}. */
export interface DurableObjectNamespaceLike {
  /** The id of an object by name. */
  // deno-lint-ignore no-explicit-any -- only handed on
  idFromName(name: string): any;
  /** The object. */
  // deno-lint-ignore no-explicit-any
  get(id: any): { fetch(url: string, init?: RequestInit): Promise<Response> };
}

/** What is used of the storage of a Durable Object. See {@linkcode RecordsObject}. */
export interface DurableObjectStorageLike {
  /** Reads. */
  get(key: string): Promise<unknown>;
  /** Writes. */
  put(key: string, value: unknown): Promise<void>;
  /** Has `alarm` called, once. */
  setAlarm(at: number): Promise<void>;
  /** Removes all that is kept. */
  deleteAll(): Promise<void>;
}

/** What is used of the state of a Durable Object. See {@linkcode RecordsObject}. */
export interface DurableObjectStateLike {
  /** What it keeps. */
  readonly storage: DurableObjectStorageLike;
}

const ONLY = "value"; // each record is an object of its own

/**
 * The Durable Object behind {@linkcode durableObjectRecords}: export it from your Worker, and bind its class.
 *
 * **Guarantees.** One record each. Reads and writes of one record are one after the other, everywhere. What has expired
 * is removed by an alarm.
 *
 * @example
 * ```ts ignore
 * export { RecordsObject } from "@taskscope/taskscope/durable/cloudflare-queues";
 * ```
 */
export class RecordsObject {
  readonly #state: DurableObjectStateLike;

  /** Called by Cloudflare. */
  constructor(state: DurableObjectStateLike) {
    this.#state = state;
  }

  /** What `durableObjectRecords` calls. */
  async fetch(request: Request): Promise<Response> {
    const { storage } = this.#state;
    // First of all: no other request gets in while storage is waited for, but while a body is read, one does.
    const value = await request.text();
    const existing = await this.#read();
    if (request.method === "GET") return new Response(existing, { status: existing === undefined ? 404 : 200 });
    if (request.method === "DELETE") await storage.deleteAll();
    else {
      if (request.headers.has("if-none-match") && existing !== undefined) return new Response(null, { status: 412 });
      const ttl = Number(request.headers.get("ttl"));
      await Promise.all([storage.setAlarm(Date.now() + ttl + 1), storage.put(ONLY, pack(value, ttl))]);
    }
    return new Response(null, { status: 204 });
  }

  /** As `alarm` of every Durable Object: Cloudflare calls it, when the record has expired. */
  async alarm(): Promise<void> {
    if (await this.#read() === undefined) await this.#state.storage.deleteAll();
  }

  async #read(): Promise<string | undefined> {
    const kept = await this.#state.storage.get(ONLY);
    return kept === undefined ? undefined : unpack(`${kept}`);
  }
}

/**
 * Records in Durable Objects of the class {@linkcode RecordsObject}.
 *
 * **Guarantees.** `onlyIfAbsent` is atomic, and what was written is seen everywhere at once. Each read is a call of the
 * place where the object lives.
 *
 * @param namespace The binding.
 * @returns The records.
 *
 * @example
 * ```ts ignore
 * cloudflareQueues(env.QUEUE, { records: durableObjectRecords(env.RECORDS) });
 * ```
 */
export function durableObjectRecords(namespace: DurableObjectNamespaceLike): Records {
  async function call(key: string, init: RequestInit, ...expected: number[]): Promise<Response> {
    const object = namespace.get(namespace.idFromName(key));
    const response = await object.fetch("https://records/", init);
    if (expected.includes(response.status)) return response;
    throw new Error(`Cannot use the records: their Durable Object answered ${response.status}`);
  }
  return {
    async get(key) {
      const response = await call(key, {}, 200, 404);
      const text = await response.text();
      return response.status === 200 ? text : undefined;
    },
    async set(key, value, ttl, onlyIfAbsent = false) {
      const headers = { ttl: `${ttl}`, ...onlyIfAbsent ? { "if-none-match": "*" } : {} };
      return (await call(key, { method: "PUT", body: value, headers }, 204, 412)).status === 204;
    },
    async delete(key) {
      await call(key, { method: "DELETE" }, 204);
    },
  };
}

/** Both may keep a value for longer than it is to be. */
function pack(value: string, ttl: number): string {
  return `${Date.now() + ttl} ${value}`;
}

function unpack(kept: string): string | undefined {
  const end = kept.indexOf(" ");
  return Number(kept.slice(0, Math.max(end, 0))) > Date.now() ? kept.slice(end + 1) : undefined;
}

async function shortKey(key: string): Promise<string> {
  if (bytesOf(key) <= LONGEST_KEY && !["", ".", ".."].includes(key)) return key;
  return `sha256:${await digestText(key)}`;
}
