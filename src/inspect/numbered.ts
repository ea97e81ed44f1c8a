/**
 * A list of what is new, for clients that know a part of it.
 *
 * @module
 */

/** The newest of something, each with a number that goes up. */
export class Numbered<T> {
  /** The number of the newest. */
  last = 0;
  readonly #items: { readonly number: number; readonly item: T }[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(item: T, number: number = this.last + 1): void {
    this.last = number;
    this.#items.push({ number, item });
    if (this.#items.length > this.#most) this.#items.shift();
  }

  /** Those after a number, the oldest first; all if there never was that number. */
  after(number: number): T[] {
    const from = number > this.last ? 0 : number;
    return this.#items.filter((each) => each.number > from).map(({ item }) => item);
  }
}
