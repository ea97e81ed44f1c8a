/**
 * Where a recorder keeps its events: a ring of fixed size.
 *
 * Invariants:
 * 1. Slot `index % capacity` holds the event with that index, for the last `capacity` indexes.
 * 2. When the spawn of a node that has not ended is overwritten, it moves to `kept`, at a place that its id determines;
 *    it leaves when the end of that node is overwritten in its turn. If two need one place, the older stays.
 *
 * @module
 */
import type { LifecycleEvent } from "./events.ts";
import * as Code from "./recorder_codes.ts";
import { AT, CELLS, ID, OTHER, Slots } from "./recorder_slots.ts";

/** The last events, and the spawns of what has not ended. */
export class Ring {
  readonly capacity: number;
  /** When the event to be written happened. In a cell, because engines put a number with a fraction, or as large, on the heap. */
  readonly clock: Float64Array = new Float64Array(1);
  /** How many events were written in all: the index of the next one. */
  total = 0;
  #keptCount = 0;
  #next = 0; // the slot of the next event
  readonly #slots: Slots;
  readonly #kept: Slots; // spawns whose slot was needed
  readonly #keptIds: Float64Array; // of those; 0 where there is none
  readonly #mask: number; // what of an id determines its place
  readonly #ended: Uint8Array; // whether the node at a place, the last one spawned there, has ended

  constructor(capacity: number) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, capacity)));
    this.capacity = capacity;
    this.#slots = new Slots(capacity);
    this.#kept = new Slots(size);
    this.#keptIds = new Float64Array(size);
    this.#mask = size - 1;
    this.#ended = new Uint8Array(size);
  }

  /** How many events were written that are not there any more. */
  get dropped(): number {
    return this.#first - this.#keptCount;
  }

  /** The index of the oldest event that is still in its slot. */
  get #first(): number {
    return Math.max(0, this.total - this.capacity);
  }

  get #last(): number {
    return (this.#next === 0 ? this.capacity : this.#next) - 1;
  }

  /** A spawn; its deadline, if it is known, has to follow. */
  spawn(code: number, id: number, other: number, name: string | number): void {
    this.#put(code, id, other, name);
    this.#ended[id & this.#mask] = 0;
  }

  /** The end of a node. */
  end(code: number, id: number, by: number, text: string | undefined): void {
    this.#put(code, id, by, text);
    const place = id & this.#mask;
    if (this.#keptIds[place] !== id) this.#ended[place] = 1;
  }

  /** Any other event. */
  write(code: number, id: number, text: string | undefined): void {
    this.#put(code, id, 0, text);
  }

  /** Gives the spawn just written its deadline. */
  limit(deadline: number): void {
    this.#slots.limit(this.#last, deadline);
  }

  /** Gives the event just written a second text. */
  append(text: string): void {
    this.#slots.append(this.#last, text);
  }

  /** Whether the last event is of this node. */
  isLast(id: number): boolean {
    return this.#slots.cells[CELLS * this.#last + ID] === id;
  }

  #put(code: number, id: number, other: number, text: string | number | undefined): void {
    const { codes, cells, texts } = this.#slots;
    const slot = this.#next;
    this.#next = slot + 1 === this.capacity ? 0 : slot + 1;
    this.total++;
    const type = (codes[slot] as number) & Code.TYPE; // of what is overwritten; an empty slot is as a start
    if (type !== Code.START && type <= Code.LATE_SETTLE) this.#overwrite(slot, type);
    const start = CELLS * slot;
    codes[slot] = code;
    cells[start + AT] = this.clock[0] as number;
    cells[start + ID] = id;
    cells[start + OTHER] = other;
    texts[slot] = text;
  }

  #overwrite(slot: number, type: number): void { // invariant 2
    const keptIds = this.#keptIds;
    const id = this.#slots.cells[CELLS * slot + ID] as number;
    const place = id & this.#mask;
    if (type === Code.SPAWN) {
      if (this.#ended[place] === 1 || keptIds[place] !== 0) return;
      this.#kept.copy(place, this.#slots, slot);
      keptIds[place] = id;
      this.#keptCount++;
    } else if (keptIds[place] === id) {
      keptIds[place] = 0;
      this.#kept.texts[place] = undefined;
      this.#keptCount--;
    }
  }

  /** The event with this index, if it is still there. */
  at(index: number): LifecycleEvent | undefined {
    return index >= this.#first && index < this.total ? this.#slots.read(index % this.capacity) : undefined;
  }

  /** The kept spawns, then the events in the order in which they were written. */
  events(): LifecycleEvent[] {
    const events: LifecycleEvent[] = [];
    for (let place = 0; place <= this.#mask; place++) {
      if (this.#keptIds[place] !== 0) events.push(this.#kept.read(place));
    }
    events.sort((a, b) => a.at - b.at || a.id - b.id);
    for (let i = this.#first; i < this.total; i++) events.push(this.#slots.read(i % this.capacity));
    return events;
  }

  /** Forgets all of it. */
  clear(): void {
    this.total = this.#next = this.#keptCount = 0;
    this.#keptIds.fill(0);
    this.#slots.clear();
    this.#kept.clear();
  }
}
