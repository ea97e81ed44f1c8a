/**
 * Keeps a delivery while it is worked on: extends its lease, and looks whether somebody wants it canceled.
 *
 * @module
 */
import { Bell } from "../http/operations/bell.ts";
import type { Delivery } from "./engine.ts";

/** What a {@linkcode Pulse} needs. */
export interface PulseOptions {
  readonly lease: number;
  readonly poll: number;
  /** Looks whether somebody wants it canceled, and why; missing where there is nowhere to look. */
  readonly look: (() => Promise<string | undefined>) | undefined;
  /** Somebody wants it canceled, and why. */
  onCancel(reason: string): void;
  /** Another worker may have it by now. */
  onLost(): void;
  onError(error: unknown): void;
}

const HEARTBEATS = 3; // a lease

/** One for each delivery. */
export class Pulse {
  readonly #delivery: Delivery;
  readonly #options: PulseOptions;
  readonly #extending = new Bell();
  readonly #looking = new Bell();
  #isOver = false;

  constructor(delivery: Delivery, options: PulseOptions) {
    this.#delivery = delivery;
    this.#options = options;
  }

  /** Ends it. */
  stop(): void {
    this.#isOver = true;
    this.#extending.ring();
    this.#looking.ring();
  }

  /** Goes on until it is stopped; then, or when an engine that was asked has answered, nothing of it is left. */
  async run(): Promise<void> {
    await Promise.all([this.#extend(), this.#look()]);
  }

  async #extend(): Promise<void> {
    if (!this.#delivery.extend) return;
    const { lease, onLost } = this.#options;
    const start = Date.now();
    let lostAt = start + lease;
    let extendAt = start + lease / HEARTBEATS; // Infinity while the engine is asked: it may never answer
    const asking = { isDown: false };
    for (;;) {
      await this.#extending.wait(Math.max(0, Math.min(extendAt, lostAt) - Date.now()));
      if (this.#isOver) return;
      const now = Date.now();
      if (now >= extendAt) {
        extendAt = Infinity;
        // Late for the first time, as after a sleep of the machine: the engine may still say that all is well.
        if (now >= lostAt && !asking.isDown) lostAt = now + lease / (2 * HEARTBEATS);
        void this.#ask(asking, () => this.#delivery.extend?.(lease)).then(() => {
          if (!asking.isDown) lostAt = now + lease;
          extendAt = now + lease / (asking.isDown ? 2 * HEARTBEATS : HEARTBEATS);
          this.#extending.ring();
        });
      }
      if (now < lostAt) continue;
      lostAt = Infinity;
      onLost();
    }
  }

  async #look(): Promise<void> {
    const { poll, look, onCancel } = this.#options;
    if (!look) return;
    const asking = { isDown: false };
    let reason: string | undefined;
    while (reason === undefined) {
      await this.#looking.wait(poll);
      if (this.#isOver) return;
      await this.#ask(asking, async () => void (reason = await look()));
    }
    if (!this.#isOver) onCancel(reason);
  }

  /** Notes whether it went well; the first of several failures is told. */
  async #ask(asking: { isDown: boolean }, call: () => Promise<void> | undefined): Promise<void> {
    try {
      await call();
      asking.isDown = false;
    } catch (error) {
      if (!asking.isDown && !this.#isOver) this.#options.onError(error);
      asking.isDown = true;
    }
  }
}
