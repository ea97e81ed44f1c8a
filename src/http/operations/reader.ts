/**
 * Reading operations: what a reader finds dead is written down as lost.
 *
 * @module
 */
import { cancelKey, type Env, load, recordKey, replace, report, type Versioned } from "./env.ts";
import { isEnded } from "./operation.ts";
import { ended, lost } from "./record.ts";

const AT_ONCE = 16;

/** Reads operations of one `Operations`; many readers of one operation share a read. */
export class Reader {
  readonly #env: Env;
  readonly #reads = new Map<string, Promise<Versioned | undefined>>();
  #sweptAt = -Infinity;
  #sweeping: Promise<void> | undefined;

  constructor(env: Env) {
    this.#env = env;
  }

  /** Reads what is in the store now; `undefined` if it is unknown. */
  read(id: string): Promise<Versioned | undefined> {
    const begun = this.#reads.get(id);
    if (begun) return begun;
    // A read that began before a change must not answer whoever asks because of that change.
    const forget = () => {
      if (this.#reads.get(id) === read) this.#reads.delete(id);
      stop();
    };
    const stop = this.#env.hub.listen(recordKey(id), () => forget());
    const read = this.#load(id).finally(forget);
    this.#reads.set(id, read);
    return read;
  }

  /** Whether a lease has passed since the last sweep. */
  isSweepDue(now = Date.now()): boolean {
    return now - this.#sweptAt >= this.#env.settings.lease;
  }

  /** Finds the operations that nobody else reads and whose process is gone; at most once a lease. */
  sweep(): Promise<void> {
    if (!this.#sweeping && !this.isSweepDue()) return Promise.resolve();
    this.#sweptAt = Date.now();
    return this.#sweeping ??= this.#sweepAll().finally(() => this.#sweeping = undefined);
  }

  async #sweepAll(): Promise<void> {
    const { store } = this.#env.settings;
    await store.purge?.();
    const keys = await store.list();
    const next = async () => {
      for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
        const found = await this.#load(key.slice(recordKey("").length));
        if (!found) await store.delete(key); // counted, but not there: its process ended in between
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
  }

  async #load(id: string): Promise<Versioned | undefined> {
    const { settings, running } = this.#env;
    for (;;) {
      const found = await load(this.#env, id);
      const now = Date.now();
      // One that runs here is alive, even if this process could not say so in time.
      if (!found || isEnded(found.record.state) || found.record.leaseUntil > now || running.has(id)) return found;
      const record = ended(found.record, lost(found.record), now, settings.ttl);
      if (!record) return found;
      const written = await replace(this.#env, record, found.version);
      if (!written) continue; // somebody was faster: its process after all, or another reader
      if (!settings.store.atomic) await settings.store.delete(cancelKey(id));
      report(this.#env, new Error(record.error?.message), record);
      return written;
    }
  }
}
