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
  readonly #bell = new Bell();
  #isOver = false;

  constructor(delivery: Delivery, options: PulseOptions) {
    this.#delivery = delivery;
    this.#options = options;
  }

  /** Ends it. */
  stop(): void {
    this.#isOver = true;
    this.#bell.ring();
  }

  /** Goes on until it is stopped; then, or a moment later, no timer is left. */
  async run(): Promise<void> {
    const { lease, poll, look, onCancel, onLost, onError } = this.#options;
    const now = Date.now();
    let lostAt = this.#delivery.extend ? now + lease : Infinity;
    let extendAt = this.#delivery.extend ? now + lease / HEARTBEATS : Infinity;
    let lookAt = look ? now + poll : Infinity;
    let isDown = false;
    const failed = (error: unknown) => {
      if (!isDown && !this.#isOver) onError(error);
      isDown = true;
    };
    for (;;) {
      const at = Math.min(extendAt, lookAt, lostAt);
      if (at === Infinity) return;
      await this.#bell.wait(Math.max(0, at - Date.now()));
      if (this.#isOver) return;
      const now = Date.now();
      if (now >= extendAt) {
        try {
          await this.#delivery.extend?.(lease);
          lostAt = now + lease;
          isDown = false;
        } catch (error) {
          failed(error);
        }
        extendAt = Date.now() + lease / (isDown ? 2 * HEARTBEATS : HEARTBEATS);
      }
      if (this.#isOver) return;
      if (Date.now() >= lostAt) {
        lostAt = Infinity;
        onLost();
      }
      if (now < lookAt) continue;
      try {
        const reason = await look?.();
        if (reason !== undefined && !this.#isOver) {
          onCancel(reason);
          lookAt = Infinity;
          continue;
        }
      } catch (error) {
        failed(error);
      }
      lookAt = Date.now() + poll;
    }
  }
}
