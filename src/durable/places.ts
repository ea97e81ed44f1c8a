/**
 * Places for the deliveries of a consumption of any engine that is polled: at most so many are under way.
 *
 * @module
 */

/** As many places as deliveries may be under way at once. */
export class Places {
  #free: number;
  readonly #count: number;
  #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#count = this.#free = count;
  }

  /** How many are free. */
  get free(): number {
    return this.#free;
  }

  /** Takes a place for as long as `fn` runs, which never rejects; whether there is one is up to the caller. */
  use(fn: () => Promise<void>): void {
    this.#free--;
    void fn().finally(() => {
      this.#free++;
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }

  /** Resolves when a place is free. */
  async room(): Promise<void> {
    while (this.#free <= 0) await this.#change();
  }

  /** Resolves when all are free. */
  async empty(): Promise<void> {
    while (this.#free < this.#count) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
