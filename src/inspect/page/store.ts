/**
 * What the page knows: what lives, what has ended lately, and which of it is to be seen. Runs in the page: see script.ts.
 *
 * @module
 */
import type { Row } from "../inspector_row.ts";
import type { Ended } from "../inspector_past.ts";

/** A scope or task, alive or not. */
export interface Item {
  readonly id: number;
  readonly parent: number;
  readonly kind: string;
  readonly name: string;
  readonly state: string;
  readonly born: number;
  /** When it ended; 0 while it lives. */
  readonly at: number;
  readonly deadline: number | undefined;
  readonly from: string | undefined;
  readonly why: string | undefined;
  readonly since: number | undefined;
  readonly late: boolean;
}

/** One line of the tree. */
export interface Line {
  readonly item: Item;
  readonly level: number;
  readonly place: number;
  readonly siblings: number;
  /** How many it has below it; 0: cannot be opened. */
  readonly children: number;
  readonly isOpen: boolean;
  /** Whether it matches, and is not there for what is below it. */
  readonly isHit: boolean;
}

/** What is to be seen. */
export interface Filter {
  readonly text: string;
  readonly state: string;
  readonly age: number;
  readonly withEnded: boolean;
}

/** What {@linkcode makeStore} makes. */
export interface Store {
  readonly items: Map<number, Item>;
  /** Collapsed by hand. */
  readonly closed: Set<number>;
  readonly counts: Record<string, number>;
  apply(full: boolean | undefined, rows: readonly Row[], gone: readonly number[], ended: readonly Ended[]): void;
  /** Forgets all: numbers mean others from now on. */
  clear(): void;
  lines(filter: Filter, now: number): Line[];
  pathOf(id: number): string;
}

/** Makes the store. */
export function makeStore(mostEnded: number): Store {
  const items = new Map<number, Item>();
  const closed = new Set<number>();
  const counts: Record<string, number> = {};
  let past: number[] = []; // what has ended, in that order

  function count(item: Item | undefined, change: number): void {
    if (item && item.at === 0) counts[item.state] = (counts[item.state] ?? 0) + change;
  }

  function put(item: Item): void {
    count(items.get(item.id), -1);
    count(item, 1);
    items.set(item.id, item);
  }

  function remove(id: number): void {
    count(items.get(id), -1);
    items.delete(id);
    closed.delete(id);
  }

  function toItem(row: Row): Item {
    const { id, parent = 0, kind, name, state, born, deadline, from, why, since } = row;
    return { id, parent, kind, name, state, born, at: 0, deadline, from, why, since, late: false };
  }

  function apply(
    full: boolean | undefined,
    rows: readonly Row[],
    gone: readonly number[],
    ended: readonly Ended[],
  ): void {
    if (full) { for (const item of [...items.values()]) if (item.at === 0) remove(item.id); }
    for (const row of rows) put(toItem(row));
    for (const each of ended) {
      const { id, parent = 0, kind, name, state, born, at, why, late = false } = each;
      const { deadline = each.deadline, from = each.from } = items.get(id) ?? {};
      put({ id, parent, kind, name, state, born, at, deadline, from, why, since: undefined, late });
      past.push(id);
    }
    for (const id of gone) if (items.get(id)?.at === 0) remove(id); // ended longer ago than anybody remembers
    const surplus = past.length - mostEnded;
    if (surplus > 0) {
      for (const id of past.slice(0, surplus)) if (items.get(id)?.at !== 0) remove(id);
      past = past.slice(surplus);
    }
  }

  function clear(): void {
    for (const id of [...items.keys()]) remove(id);
    closed.clear();
    past = [];
  }

  function isHit(item: Item, { text, state, age, withEnded }: Filter, now: number): boolean {
    const own = item.state === "cleanup" ? "canceling" : item.state; // as they are counted
    if (item.at !== 0 && !withEnded && state !== "ended" && state !== own) return false;
    if (state === "live" ? item.at !== 0 : state === "ended" ? item.at === 0 : state !== "" && state !== own) {
      return false;
    }
    if (age > 0 && (item.at || now) - item.born < age) return false;
    return text === "" || `${item.from ?? ""}/${item.name}`.toLowerCase().includes(text);
  }

  function lines(filter: Filter, now: number): Line[] {
    const hits = new Set<number>();
    const shown = new Set<number>(); // hits, and all above them
    for (const item of items.values()) {
      if (!isHit(item, filter, now)) continue;
      hits.add(item.id);
      for (let at: Item | undefined = item; at && !shown.has(at.id); at = items.get(at.parent)) shown.add(at.id);
    }
    const below = new Map<number, Item[]>();
    for (const id of shown) {
      const item = items.get(id) as Item;
      const owner = items.has(item.parent) ? item.parent : 0;
      const list = below.get(owner);
      if (list) list.push(item);
      else below.set(owner, [item]);
    }
    for (const list of below.values()) list.sort((a, b) => a.born - b.born || a.id - b.id);
    const isNarrow = filter.text !== "" || (filter.state !== "" && filter.state !== "live") || filter.age > 0;
    const found: Line[] = [];
    const left = [{ list: below.get(0) ?? [], next: 0 }];
    for (let top = left.at(-1); top; top = left.at(-1)) {
      const item = top.list[top.next++];
      if (!item) {
        left.pop();
        continue;
      }
      const children = below.get(item.id) ?? [];
      const isOpen = children.length > 0 && (isNarrow || !closed.has(item.id));
      const { length: level } = left;
      const place = top.next;
      found.push({
        item,
        level,
        place,
        siblings: top.list.length,
        children: children.length,
        isOpen,
        isHit: hits.has(item.id),
      });
      if (isOpen) left.push({ list: children, next: 0 });
    }
    return found;
  }

  function pathOf(id: number): string {
    const names: string[] = [];
    for (let at = items.get(id); at && names.length < 100; at = items.get(at.parent)) {
      names.unshift(at.from !== undefined ? `${at.from}/${at.name}` : at.name);
    }
    return names.join("/");
  }

  return { items, closed, counts, apply, clear, lines, pathOf };
}
