/** Counts the listeners on abort signals that somebody else than the walk adds and removes. */
export class Listeners {
  readonly #added = new Map<EventTarget, Set<unknown>>();
  readonly #add = EventTarget.prototype.addEventListener;

  /** How many there are. */
  get count(): number {
    return [...this.#added.values()].reduce((sum, { size }) => sum + size, 0);
  }

  install(): () => void {
    const { prototype } = EventTarget;
    const { addEventListener: add, removeEventListener: remove } = prototype;
    const of = (target: EventTarget): Set<unknown> => {
      const listeners = this.#added.get(target) ?? new Set();
      this.#added.set(target, listeners);
      return listeners;
    };
    prototype.addEventListener = function (...args: Parameters<typeof add>) {
      if (this instanceof AbortSignal) of(this).add(args[1]);
      return add.apply(this, args);
    };
    prototype.removeEventListener = function (...args: Parameters<typeof remove>) {
      if (this instanceof AbortSignal) of(this).delete(args[1]);
      return remove.apply(this, args);
    };
    return () => {
      prototype.addEventListener = add;
      prototype.removeEventListener = remove;
    };
  }

  /** Adds one that is not counted. */
  add(signal: AbortSignal, listener: () => void): void {
    this.#add.call(signal, "abort", listener);
  }
}
