/**
 * Which keys count for which group, where finding out is slow: exact for this process, a moment old for all others.
 *
 * @module
 */

const FRESH = 2_000; // how long a listing is good for, in milliseconds

/** Remembers a listing, and what this process has changed since. */
export class CountedKeys {
  readonly #list: () => Promise<Iterable<readonly [key: string, group: string]>>;
  #groups = new Map<string, string>();
  #listedAt = -Infinity;
  #listing: Promise<void> | undefined;
  #changes: (readonly [key: string, group: string | undefined])[] = []; // while a listing is on its way

  /**
   * @param list Lists all that is counted.
   */
  constructor(list: () => Promise<Iterable<readonly [key: string, group: string]>>) {
    this.#list = list;
  }

  /** This process has written that a key counts for a group, or no more. */
  change(key: string, group: string | undefined): void {
    if (this.#listing) this.#changes.push([key, group]);
    this.#apply(key, group);
  }

  /** How many keys a group has; without one, how many there are. */
  async count(group: string | undefined): Promise<number> {
    if (Date.now() - this.#listedAt > FRESH) await this.refresh();
    if (group === undefined) return this.#groups.size;
    let count = 0;
    for (const each of this.#groups.values()) if (each === group) count++;
    return count;
  }

  /** The group of a key, if it counts. */
  groupOf(key: string): string | undefined {
    return this.#groups.get(key);
  }

  /** Lists anew. */
  async refresh(): Promise<Iterable<string>> {
    await (this.#listing ??= this.#refresh().finally(() => this.#listing = undefined));
    return this.#groups.keys();
  }

  async #refresh(): Promise<void> {
    this.#changes = [];
    const listedAt = Date.now();
    const groups = new Map(await this.#list());
    this.#groups = groups;
    this.#listedAt = listedAt;
    for (const [key, group] of this.#changes) this.#apply(key, group);
  }

  #apply(key: string, group: string | undefined): void {
    if (group === undefined) this.#groups.delete(key);
    else this.#groups.set(key, group);
  }
}
