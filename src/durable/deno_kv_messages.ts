/**
 * The messages of a queue in Deno KV.
 *
 * A message is a body and one slot: a key below `ready`, in the order of arrival, or below `later`, in the order of the
 * moment before which no worker may take it: the end of its delay, or of the lease of the worker that has it.
 *
 * Invariants:
 * 1. Whoever moves a slot checks its versionstamp in the same atomic operation: of many that try, one succeeds. A worker
 *    whose slot was moved has lost its lease, and its verdict is not heard.
 * 2. `known` names the slot of a message; when that has ended, it stays until its key may be forgotten.
 * 3. A slot below `ready` is taken whatever the clock says, so the producer's clock does not matter.
 *
 * @module
 */
import { patiently } from "../http/operations/deno_kv_patience.ts";
import type { KvAtomicLike, KvKey } from "../http/operations/deno_kv_port.ts";
import { type DeadLetter, KNOWN_AFTER, type Message } from "./engine.ts";
import { keyPart, type KvQueueLike } from "./deno_kv_port.ts";

/** What a slot says of its message. */
interface Row {
  readonly attempt: number; // deliveries so far
  readonly enqueuedAt: number;
  readonly deadline: number;
  readonly isHeld: boolean; // whether the moment is the end of a lease
}

/** A message, and where it is. */
export interface Slot {
  readonly id: string;
  readonly key: KvKey;
  readonly versionstamp: string;
  readonly row: Row;
}

/** What a worker can take now. */
export interface Due {
  readonly slots: readonly Slot[];
  /** When something will be due that is not yet, in milliseconds since 1970. */
  readonly next: number;
}

const LONGEST_REASON = 4_096;

/** The messages below one prefix. */
export class KvMessages {
  readonly #kv: KvQueueLike;
  readonly #prefix: string;
  readonly #keepDead: number;

  constructor(kv: KvQueueLike, prefix: string, keepDead: number) {
    this.#kv = kv;
    this.#prefix = prefix;
    this.#keepDead = keepDead;
  }

  /** Written when there is a message that anybody can take at once. */
  get signal(): KvKey {
    return [this.#prefix, "signal"];
  }

  async add({ key, body, deadline }: Message): Promise<string> {
    const id = await keyPart(key);
    const now = Date.now();
    const row: Row = { attempt: 0, enqueuedAt: now, deadline: deadline.getTime(), isHeld: false };
    const known = this.#known(id);
    const slot = this.#ready(row, id);
    for (let versionstamp: string | null = null;;) { // as a rule it is not known: no look before
      const { ok } = await this.#commit((all) =>
        all.check({ key: known, versionstamp })
          .set(known, { slot })
          .set(slot, row)
          .set(this.#body(id), new TextEncoder().encode(body))
          .set(this.signal, id)
      );
      if (ok) return id;
      const there = await this.#kv.get(known);
      if (there.value !== null && !isForgotten(there.value, now)) return id;
      versionstamp = there.versionstamp;
    }
  }

  /** The messages that can be taken, at most `limit`: first those that were delivered before. */
  async due(limit: number): Promise<Due> {
    const slots: Slot[] = [];
    let next = Infinity;
    for (const place of ["later", "ready"]) {
      if (slots.length >= limit) break;
      const entries = this.#kv.list({ prefix: [this.#prefix, place] }, { limit: limit - slots.length });
      for await (const { key, value, versionstamp } of entries) {
        const [, , moment, id] = key.map(String) as [string, string, string, string];
        if (place === "later" && Number(moment) > Date.now()) {
          next = Number(moment);
          break;
        }
        slots.push({ id, key: key.map(String), versionstamp, row: value as Row });
      }
    }
    return { slots, next };
  }

  /** Takes it for a worker, unless another one was faster. */
  claim(slot: Slot, lease: number): Promise<Slot | undefined> {
    return this.hold(slot, lease, true, slot.row.attempt + 1);
  }

  /** Lets nobody have it for a time. `undefined` if it is no longer there. */
  hold(slot: Slot, ms: number, isHeld: boolean, attempt = slot.row.attempt): Promise<Slot | undefined> {
    const row = { ...slot.row, attempt, isHeld };
    return this.#move(slot, [this.#prefix, "later", moment(Date.now() + ms), slot.id], row);
  }

  /** Lets the next worker have it, as if this delivery had not been. */
  async giveBack(slot: Slot): Promise<Slot | undefined> {
    const row = { ...slot.row, attempt: slot.row.attempt - 1, isHeld: false };
    const moved = await this.#move(slot, this.#ready(row, slot.id), row);
    if (moved) await this.#commit((all) => all.set(this.signal, slot.id));
    return moved;
  }

  /** It is over; `undefined` if another worker has it by now. */
  async end({ id, key, versionstamp, row }: Slot): Promise<true | undefined> {
    const { ok } = await this.#commit((all) =>
      this.#forget(all.check({ key, versionstamp }), id, row).delete(key).delete(this.#body(id))
    );
    return ok || undefined;
  }

  /** It is over, and kept for people. */
  async bury({ id, key, versionstamp, row }: Slot, reason: string): Promise<true | undefined> {
    const { value } = await this.#kv.get(this.#body(id));
    const expiry = { expireIn: this.#keepDead };
    const { ok } = await this.#commit((all) =>
      this.#forget(all.check({ key, versionstamp }), id, row)
        .delete(key)
        .delete(this.#body(id))
        .set([this.#prefix, "dead", id], reason.slice(0, LONGEST_REASON), expiry)
        .set([this.#prefix, "dead-body", id], value, expiry)
    );
    return ok || undefined;
  }

  /** Takes out what no worker has. */
  async remove(id: string): Promise<boolean> {
    for (;;) {
      const { value } = await this.#kv.get(this.#known(id));
      const key = (value as { slot?: KvKey } | null)?.slot;
      if (!key) return false;
      const { value: row, versionstamp } = await this.#kv.get(key);
      if (versionstamp === null) continue; // it was moved in between
      if ((row as Row).isHeld && Number(key[2]) > Date.now()) return false;
      if (await this.end({ id, key, versionstamp, row: row as Row })) return true;
    }
  }

  async body(id: string): Promise<string> {
    return decode((await this.#kv.get(this.#body(id))).value);
  }

  async *dead(): AsyncIterable<DeadLetter> {
    for await (const { key, value } of this.#kv.list({ prefix: [this.#prefix, "dead"] }, {})) {
      const id = `${key[2]}`;
      const { value: body } = await this.#kv.get([this.#prefix, "dead-body", id]);
      if (body !== null) yield { id, body: decode(body), reason: `${value}` };
    }
  }

  async #move(slot: Slot, key: KvKey, row: Row): Promise<Slot | undefined> {
    const { id } = slot;
    const result = await this.#commit((all) =>
      all.check({ key: slot.key, versionstamp: slot.versionstamp }) // invariant 1
        .delete(slot.key)
        .set(key, row)
        .set(this.#known(id), { slot: key })
    );
    return result.ok ? { id, key, row, versionstamp: result.versionstamp } : undefined;
  }

  /** Invariant 2. */
  #forget(all: KvAtomicLike, id: string, { deadline }: Row): KvAtomicLike {
    const forgetAt = deadline + KNOWN_AFTER;
    const expireIn = forgetAt - Date.now();
    if (expireIn <= 0) return all.delete(this.#known(id));
    return all.set(this.#known(id), { forgetAt }, { expireIn });
  }

  #commit(write: (all: KvAtomicLike) => KvAtomicLike) {
    return patiently(() => write(this.#kv.atomic()).commit());
  }

  #known(id: string): KvKey {
    return [this.#prefix, "known", id];
  }

  #body(id: string): KvKey {
    return [this.#prefix, "body", id];
  }

  #ready({ enqueuedAt }: Row, id: string): KvKey {
    return [this.#prefix, "ready", moment(enqueuedAt), id];
  }
}

function decode(bytes: unknown): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes as Uint8Array);
}

/** Deno KV removes what has expired some time after that. */
function isForgotten(known: unknown, now: number): boolean {
  const { forgetAt = Infinity } = known as { forgetAt?: number };
  return forgetAt <= now;
}

/** Sorts as text in the order of time. */
function moment(at: number): string {
  return `${Math.ceil(Math.max(at, 0))}`.padStart(16, "0");
}
