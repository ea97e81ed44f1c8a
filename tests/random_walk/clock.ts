/** A clock in the hands of the walk, made of plain globals so that it works on every runtime, in a request of workerd too. */
export class Clock {
  now = 1_000_000_000_000;
  readonly #timers = new Map<number, { readonly at: number; readonly call: () => void }>();
  #made = 0;

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** When the next timer is due; `Infinity` without one. */
  get next(): number {
    return Math.min(...[...this.#timers.values()].map(({ at }) => at));
  }

  /** Replaces the runtime's clock; timers are forgotten with `restore`. */
  install(): () => void {
    const { setTimeout, clearTimeout } = globalThis;
    const { now } = Date;
    const clear = (id?: number) => void this.#timers.delete(id as number);
    const set = (call: () => void, ms = 0) => {
      this.#timers.set(++this.#made, { at: this.now + ms, call });
      return this.#made;
    };
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
    Date.now = () => this.now;
    return () => {
      Object.assign(globalThis, { setTimeout, clearTimeout });
      Date.now = now;
    };
  }

  /** Moves on to a moment, and calls what is due by then, in the order of the timers' making. */
  to(moment: number): void {
    this.now = moment;
    for (const [id, { at, call }] of [...this.#timers]) {
      if (at <= moment && this.#timers.delete(id)) call();
    }
  }
}
