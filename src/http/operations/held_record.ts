/**
 * The record of an operation that runs here, as its process holds it.
 *
 * Invariants:
 * 1. A write that lost a race is made again on top of what won, and not at all once that has ended.
 * 2. What ended anywhere has ended here: no write brings it back, whether the store still knows it or not.
 *
 * @module
 */
import { entryOf, type Env, load, recordKey, replace, type Versioned } from "./env.ts";
import type { OperationRecord } from "./record.ts";

/** One for each operation that runs here. */
export class HeldRecord {
  readonly #env: Env;
  readonly #onOther: (record: OperationRecord) => void;
  #current: Versioned;
  #isWriting = false;

  /**
   * @param onOther Is told what others wrote.
   */
  constructor(env: Env, current: Versioned, onOther: (record: OperationRecord) => void) {
    this.#env = env;
    this.#current = current;
    this.#onOther = onOther;
  }

  /** What is known of it here. */
  get record(): OperationRecord {
    return this.#current.record;
  }

  /** Whether a change that is told now may be its own. */
  get isWriting(): boolean {
    return this.#isWriting;
  }

  /** Reads what others wrote. */
  async look(): Promise<void> {
    const found = await load(this.#env, this.record.id);
    if (found && found.version !== this.#current.version) this.#adopt(found);
  }

  /**
   * Changes it.
   *
   * @param change Gives `undefined` where there is nothing to write; called again on top of what won a race.
   * @returns Whether it was written.
   */
  async write(change: (record: OperationRecord) => OperationRecord | undefined): Promise<boolean> {
    for (;;) {
      const next = change(this.record);
      if (!next) return false;
      if (await this.#replace(next)) return true;
      const found = await load(this.#env, next.id);
      if (found) this.#adopt(found);
      else if (this.#mayBeForgotten()) this.#adopt({ record: { ...this.record, state: "lost" }, version: "" });
      else await this.#putBack(next);
    }
  }

  #adopt(found: Versioned): void {
    this.#current = found;
    this.#onOther(found.record);
  }

  /** Whether it may have been found lost, could be read for its time, and has expired, all unheard of here. */
  #mayBeForgotten(): boolean {
    return Date.now() >= this.record.leaseUntil + 2 * this.#env.settings.ttl;
  }

  /** A store may lose a record, as a Redis does that was flushed or is full; what runs here is still known here. */
  async #putBack(record: OperationRecord): Promise<void> {
    const { store } = this.#env.settings;
    const version = await store.create(recordKey(record.id), entryOf(record, this.#env.settings));
    if (version !== undefined) this.#current = { record: this.record, version };
  }

  async #replace(next: OperationRecord): Promise<boolean> {
    this.#isWriting = true;
    try {
      const written = await replace(this.#env, next, this.#current.version);
      if (written) this.#current = written;
      return written !== undefined;
    } finally {
      this.#isWriting = false;
    }
  }
}
