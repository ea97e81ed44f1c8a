/** A moment at which something is due. */
export interface Entry {
  readonly at: number;
  readonly call: () => void;
}

/** The model's time: turns of the microtask queue, and moments. */
export class Agenda {
  now = 0;
  /** Whether two things were due at the same moment: which comes first is nowhere said. */
  isUndecided = false;
  #turns: (() => void)[] = [];
  readonly #entries = new Set<Entry>();

  /** Calls something after some turns of the microtask queue. */
  later(turns: number, call: () => void): void {
    this.#turns.push(turns <= 1 ? call : () => this.later(turns - 1, call));
  }

  /** Calls something at a moment. */
  at(at: number, call: () => void): Entry {
    const entry = { at, call };
    this.#entries.add(entry);
    return entry;
  }

  remove(entry: Entry | undefined): void {
    if (entry) this.#entries.delete(entry);
  }

  /** When something is due next; `Infinity` if nothing is. */
  get next(): number {
    return Math.min(...[...this.#entries].map(({ at }) => at));
  }

  /** Moves on to a moment, and calls what is due by then. */
  to(moment: number): void {
    this.now = moment;
    const due = [...this.#entries].filter(({ at }) => at <= moment);
    if (due.length > 1) this.isUndecided = true;
    for (const entry of due) if (this.#entries.delete(entry)) entry.call();
  }

  /** Runs what is ready until nothing is; returns how many turns that took. */
  settle(): number {
    let turns = 0;
    for (; this.#turns.length > 0; turns++) for (const call of this.#turns.splice(0)) call();
    return turns;
  }
}
