/**
 * A worker of a queue in Deno KV: takes what is due, as much as it may have, and sleeps until there is more.
 *
 * @module
 */
import { Bell } from "../http/operations/bell.ts";
import type { KvMessages, Slot } from "./deno_kv_messages.ts";
import type { KvQueueLike } from "./deno_kv_port.ts";
import type { ConsumeOptions, Consumption, Delivery, Verdict } from "./engine.ts";

type Receive = (delivery: Delivery) => Promise<Verdict>;

/** Takes messages until it is stopped. */
export class KvConsumer implements Consumption {
  readonly #kv: KvQueueLike;
  readonly #messages: KvMessages;
  readonly #receive: Receive;
  readonly #options: ConsumeOptions;
  readonly #poll: number;
  readonly #bell = new Bell();
  readonly #active = new Set<Promise<void>>();
  #isStopped = false;
  #stopWatching: () => Promise<void> = () => Promise.resolve();
  #running: Promise<void> | undefined;

  constructor(kv: KvQueueLike, messages: KvMessages, receive: Receive, options: ConsumeOptions, poll: number) {
    this.#kv = kv;
    this.#messages = messages;
    this.#receive = receive;
    this.#options = options;
    this.#poll = poll;
  }

  start(): this {
    this.#watch();
    this.#running = this.#run();
    return this;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#bell.ring();
    await this.#running;
    await this.#stopWatching();
    await Promise.all(this.#active);
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      let pause = this.#poll;
      try {
        pause = Math.min(pause, await this.#take());
      } catch (error) {
        this.#options.onError(error);
      }
      if (pause > 0 && !this.#isStopped) await this.#bell.wait(pause);
    }
  }

  /** Takes what it may have; says how long there will be nothing more, in milliseconds. */
  async #take(): Promise<number> {
    const free = this.#options.concurrency - this.#active.size;
    if (free <= 0) return Infinity;
    const { slots, next } = await this.#messages.due(free);
    await Promise.all(slots.map((slot) => this.#claim(slot)));
    return slots.length > 0 ? 0 : next - Date.now();
  }

  async #claim(slot: Slot): Promise<void> {
    const held = await this.#messages.claim(slot, this.#options.lease);
    if (!held) return; // another worker was faster
    const work = this.#deliver(held).catch(this.#options.onError).finally(() => {
      this.#active.delete(work);
      this.#bell.ring();
    });
    this.#active.add(work);
  }

  async #deliver(slot: Slot): Promise<void> {
    if (this.#isStopped) return void await this.#messages.giveBack(slot);
    const body = await this.#messages.body(slot.id);
    let held: Slot | undefined = slot; // the one that this worker has; none if another one has it
    let last: Promise<unknown> = Promise.resolve();
    /** One write after the other: each needs the versionstamp of the one before. */
    function write(fn: (slot: Slot) => Promise<Slot | undefined>): Promise<Slot | undefined> {
      const written = last.then(async () => held &&= await fn(held));
      last = written.catch(() => {});
      return written;
    }
    const verdict = await this.#receive({
      ...{ id: slot.id, body, attempt: slot.row.attempt },
      extend: async (ms) => {
        if (await write((slot) => this.#messages.hold(slot, ms, true))) return;
        throw new Error(`Cannot extend the lease of ${slot.id}: it is over, and another worker may have it`);
      },
    });
    await write((slot) => this.#settle(slot, verdict));
  }

  async #settle(slot: Slot, verdict: Verdict): Promise<Slot | undefined> {
    const messages = this.#messages;
    switch (verdict.kind) {
      case "done":
        return await messages.end(slot) && slot;
      case "dead":
        return await messages.bury(slot, verdict.reason) && slot;
      case "give-back":
        return await messages.giveBack(slot);
      case "retry":
        return await messages.hold(slot, verdict.delay, false);
    }
  }

  /** Rings when a message comes in; where that cannot be told, or no longer, the poll has to do. */
  #watch(): void {
    let reader: ReadableStreamDefaultReader<unknown>;
    try {
      reader = this.#kv.watch([this.#messages.signal]).getReader();
    } catch {
      return;
    }
    const read = async () => {
      while (!(await reader.read()).done) this.#bell.ring();
    };
    const reading = read().catch(() => {});
    this.#stopWatching = async () => {
      await reader.cancel().catch(() => {});
      await reading;
    };
  }
}
