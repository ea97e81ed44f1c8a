/**
 * Waiting for the first of: somebody rings, or a time has passed.
 *
 * @module
 */
import { DeadlineHeap } from "../../deadline.ts";

/** For one waiter. A ring while nobody waits is kept for the next wait. */
export class Bell {
  readonly #heap = new DeadlineHeap();
  #wake: ((rung: boolean) => void) | undefined;
  #rung = false;

  /** Ends the wait, this one or the next. */
  ring(): void {
    this.#rung = true;
    this.#wake?.(true);
  }

  /**
   * Waits. Holds one timer, and only while it does.
   *
   * @param ms In milliseconds.
   * @returns Whether somebody rang.
   */
  async wait(ms: number): Promise<boolean> {
    if (!this.#rung) {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const entry = this.#heap.add(Date.now() + ms, () => resolve(false));
      this.#wake = resolve;
      await promise;
      this.#wake = undefined;
      this.#heap.remove(entry);
    }
    const rung = this.#rung;
    this.#rung = false;
    return rung;
  }
}
