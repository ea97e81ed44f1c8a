/**
 * Where a recorder keeps its events: a ring of fixed size, in columns, so that writing one down allocates nothing.
 *
 * Invariants:
 * 1. Slot `index % capacity` holds the event with that index, for the last `capacity` indexes.
 * 2. Whatever is in a slot is a number or a short text.
 * 3. When the spawn of a node that has not ended is overwritten, it moves to `kept`, at a place that its id determines;
 *    it leaves when the end of that node is overwritten in its turn. If two need one place, the older stays.
 *
 * @module
 */
import type { CancelKind } from "../errors.ts";
import type { ErrorPhase } from "../observer.ts";
import type { EndState, LifecycleEvent, SpawnKind } from "./events.ts";

/** The types of events: the low three bits of a code. */
export const TYPES = ["spawn", "start", "settle", "late-settle", "cancel", "deadline", "abandon", "error"] as const;
export const SPAWN = 0;
export const START = 1;
export const SETTLE = 2;
export const LATE_SETTLE = 3;
export const CANCEL = 4;
export const DEADLINE = 5;
export const ABANDON = 6;
export const ERROR = 7;
const TYPE = 7;

/** What else there is of an event: a number from the fourth bit on. */
export const DETAIL = 3;
export const KINDS: readonly SpawnKind[] = ["scope", "task", "detached", "shield"];
export const STATES: readonly EndState[] = ["succeeded", "failed", "canceled"];
export const CANCEL_KINDS: readonly CancelKind[] = [
  "canceled",
  "deadline",
  "sibling-failed",
  "body-failed",
  "closed",
  "disconnected",
  "shutdown",
  "lifetime",
];
export const PHASES: readonly ErrorPhase[] = ["body", "cleanup", "after-abandon"];
/** Of a spawn: it waits for a place. Of an end: it was late. */
export const FLAG = 64;
/** Of a spawn: it has a deadline. */
export const LIMITED = 128;
/** Its text is two in one. */
const TWO = 256;

/** Cells of a slot: side by side, so that an event is in one line of the processor's cache. */
const CELLS = 4;
const CODE = 0;
const AT = 1;
const ID = 2;
/** Of a spawn its parent, of a detached one its spawner, of an end where the cancellation began; 0 for none. */
const OTHER = 3;

class Slots {
  readonly cells: Float64Array;
  /** Name or message; the number of a task that has no name. */
  readonly texts: (string | number | undefined)[];
  /** Of those that are {@linkcode LIMITED}. */
  readonly deadlines: Float64Array;
  /** Where the second text begins, of those that have two. */
  readonly cuts: Uint16Array;

  constructor(size: number) {
    this.cells = new Float64Array(CELLS * size);
    this.texts = new Array(size).fill(undefined);
    this.deadlines = new Float64Array(size);
    this.cuts = new Uint16Array(size);
  }

  /** Takes over an event. */
  copy(place: number, from: Slots, slot: number): void {
    const { cells } = this;
    const start = CELLS * place;
    const first = CELLS * slot;
    const code = cells[start + CODE] = from.cells[first + CODE] as number;
    cells[start + AT] = from.cells[first + AT] as number;
    cells[start + ID] = from.cells[first + ID] as number;
    cells[start + OTHER] = from.cells[first + OTHER] as number;
    this.texts[place] = from.texts[slot];
    if (code < LIMITED) return;
    this.deadlines[place] = from.deadlines[slot] as number;
    this.cuts[place] = from.cuts[slot] as number;
  }
}

/** The last events, and the spawns of what has not ended. */
export class Ring {
  readonly capacity: number;
  /** When the event to be written happened. In a cell, because engines put a number with a fraction, or as large, on the heap. */
  readonly clock: Float64Array = new Float64Array(1);
  /** How many events were written in all: the index of the next one. */
  total = 0;
  #kept = 0; // how many spawns there are although their slot was needed
  #next = 0; // the slot of the next event
  readonly #slots: Slots;
  readonly #spawns: Slots;
  readonly #keptIds: Float64Array; // of those spawns; 0 where there is none
  readonly #mask: number; // what of an id determines its place
  readonly #ended: Uint8Array; // whether the node at a place, the last one spawned there, has ended

  constructor(capacity: number) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, capacity)));
    this.capacity = capacity;
    this.#slots = new Slots(capacity);
    this.#spawns = new Slots(size);
    this.#keptIds = new Float64Array(size);
    this.#mask = size - 1;
    this.#ended = new Uint8Array(size);
  }

  /** How many events were written that are not there any more. */
  get dropped(): number {
    return Math.max(0, this.total - this.capacity) - this.#kept;
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
    if (this.#kept === 0 || this.#keptIds[place] !== id) this.#ended[place] = 1;
  }

  /** Any other event. */
  write(code: number, id: number, text: string | undefined): void {
    this.#put(code, id, 0, text);
  }

  /** Gives the spawn just written its deadline. */
  limit(deadline: number): void {
    const slot = (this.total - 1) % this.capacity;
    this.#slots.deadlines[slot] = deadline;
    mark(this.#slots, slot, LIMITED);
  }

  /** Gives the event just written a second text. */
  append(text: string): void {
    const slot = (this.total - 1) % this.capacity;
    const { texts, cuts } = this.#slots;
    const first = nameOf(texts[slot]);
    texts[slot] = first + text;
    cuts[slot] = first.length;
    mark(this.#slots, slot, TWO);
  }

  /** Whether the last event is of this node. */
  isLast(id: number): boolean {
    return this.#slots.cells[CELLS * ((this.#next || this.capacity) - 1) + ID] === id;
  }

  #put(code: number, id: number, other: number, text: string | number | undefined): void {
    const slot = this.#next;
    this.#next = slot + 1 === this.capacity ? 0 : slot + 1;
    if (this.total++ >= this.capacity) this.#overwrite(slot);
    const { cells, texts } = this.#slots;
    const start = CELLS * slot;
    cells[start + CODE] = code;
    cells[start + AT] = this.clock[0] as number;
    cells[start + ID] = id;
    cells[start + OTHER] = other;
    texts[slot] = text;
  }

  #overwrite(slot: number): void { // invariant 3
    const { cells } = this.#slots;
    const type = (cells[CELLS * slot + CODE] as number) & TYPE;
    if (type !== SPAWN && (type > LATE_SETTLE || type === START || this.#kept === 0)) return;
    const id = cells[CELLS * slot + ID] as number;
    const place = id & this.#mask;
    const spawns = this.#spawns;
    const keptId = this.#keptIds[place];
    if (type === SPAWN) {
      if (keptId !== 0 || this.#ended[place] === 1) return;
      spawns.copy(place, this.#slots, slot);
      this.#keptIds[place] = id;
      this.#kept++;
    } else if (keptId === id) {
      this.#keptIds[place] = 0;
      spawns.texts[place] = undefined;
      this.#kept--;
    }
  }

  /** The event with this index, if it is still there. */
  at(index: number): LifecycleEvent | undefined {
    const isThere = index >= Math.max(0, this.total - this.capacity) && index < this.total;
    return isThere ? read(this.#slots, index % this.capacity) : undefined;
  }

  /** The kept spawns, then the events in the order in which they were written. */
  events(): LifecycleEvent[] {
    const events: LifecycleEvent[] = [];
    for (let place = 0; place <= this.#mask; place++) {
      if (this.#keptIds[place] !== 0) events.push(read(this.#spawns, place));
    }
    events.sort((a, b) => a.at - b.at || a.id - b.id);
    for (let i = Math.max(0, this.total - this.capacity); i < this.total; i++) {
      events.push(read(this.#slots, i % this.capacity));
    }
    return events;
  }

  /** Forgets all of it. */
  clear(): void {
    this.total = this.#next = this.#kept = 0;
    this.#keptIds.fill(0);
    for (const { cells, texts } of [this.#slots, this.#spawns]) {
      cells.fill(0);
      texts.fill(undefined);
    }
  }
}

function mark({ cells }: Slots, slot: number, bit: number): void {
  cells[CELLS * slot + CODE] = (cells[CELLS * slot + CODE] as number) + bit;
}

function read({ cells, texts, deadlines, cuts }: Slots, slot: number): LifecycleEvent {
  const [code = 0, at = 0, id = 0, other = 0] = cells.subarray(CELLS * slot, CELLS * (slot + 1));
  const detail = (code >> DETAIL) & 7;
  const both = nameOf(texts[slot]);
  const length = code & TWO ? cuts[slot] as number : both.length;
  const text = both.slice(0, length);
  const isFlagged = (code & FLAG) !== 0;
  const type = TYPES[code & TYPE] as typeof TYPES[number];
  switch (type) {
    case "spawn": {
      const kind = KINDS[detail] as SpawnKind;
      return {
        type,
        at,
        id,
        parent: kind === "detached" ? null : other || null,
        spawner: other || null,
        kind,
        name: text,
        deadline: code & LIMITED ? deadlines[slot] as number : null,
        queued: isFlagged,
        ...(code & TWO && { stack: both.slice(length) }),
      };
    }
    case "start":
    case "deadline":
      return { type, at, id };
    case "settle":
    case "late-settle": {
      const state = STATES[detail] as EndState;
      const message = texts[slot] === undefined ? null : text;
      return type === "late-settle"
        ? { type, at, id, state, message }
        : { type, at, id, state, late: isFlagged, by: other || null, message };
    }
    case "cancel":
      return { type, at, id, kind: CANCEL_KINDS[detail] as CancelKind, origin: text, reason: both.slice(length) };
    case "abandon":
      return { type, at, id, message: text };
    case "error":
      return { type, at, id, phase: PHASES[detail] as ErrorPhase, message: text };
  }
}

function nameOf(text: string | number | undefined): string {
  return typeof text === "number" ? `task-${text}` : text ?? "";
}
