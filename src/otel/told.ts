/**
 * Which errors have been told.
 *
 * @module
 */

const MOST_VALUES = 100; // a scope may live for ever

/** Errors that have been told. They are not kept; of what is thrown but is no object, a few are. */
export class Told {
  readonly #errors = new WeakSet<object>();
  readonly #values = new Set<unknown>();

  has(error: unknown): boolean {
    return this.#errors.has(error as object) || this.#values.has(error);
  }

  add(error: unknown): void {
    if (Object(error) === error) this.#errors.add(error as object);
    else if (this.#values.size < MOST_VALUES) this.#values.add(error);
  }
}
