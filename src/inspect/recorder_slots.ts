/**
 * Events in columns, so that writing one down allocates nothing.
 *
 * @module
 */
import type { CancelKind } from "../errors.ts";
import type { ErrorPhase } from "../observer.ts";
import type { EndState, LifecycleEvent, SpawnKind } from "./events.ts";
import * as Code from "./recorder_codes.ts";

/** Cells of a slot: side by side, so that an event is in one or two lines of the processor's cache. */
export const CELLS = 3;
export const AT = 0;
export const ID = 1;
/** Of a spawn its parent, of a detached one its spawner, of an end where the cancellation began; 0 for none. */
export const OTHER = 2;

/** A number of places for events; whatever is in one is a number or a short text. */
export class Slots {
  readonly codes: Uint16Array;
  readonly cells: Float64Array;
  /** Name or message; the number of a task that has no name. */
  readonly texts: (string | number | undefined)[];
  readonly #deadlines: Float64Array; // of those that are limited
  readonly #cuts: Uint16Array; // where the second text begins, of those that have two

  constructor(size: number) {
    this.codes = new Uint16Array(size);
    this.cells = new Float64Array(CELLS * size);
    this.texts = new Array(size).fill(undefined);
    this.#deadlines = new Float64Array(size);
    this.#cuts = new Uint16Array(size);
  }

  /** Takes over an event. */
  copy(place: number, from: Slots, slot: number): void {
    const { cells } = this;
    const start = CELLS * place;
    const first = CELLS * slot;
    const code = this.codes[place] = from.codes[slot] as number;
    cells[start + AT] = from.cells[first + AT] as number;
    cells[start + ID] = from.cells[first + ID] as number;
    cells[start + OTHER] = from.cells[first + OTHER] as number;
    this.texts[place] = from.texts[slot];
    if (code < Code.LIMITED) return;
    this.#deadlines[place] = from.#deadlines[slot] as number;
    this.#cuts[place] = from.#cuts[slot] as number;
  }

  /** Gives a spawn its deadline. */
  limit(slot: number, deadline: number): void {
    this.#deadlines[slot] = deadline;
    this.#mark(slot, Code.LIMITED);
  }

  /** Gives an event a second text. */
  append(slot: number, text: string): void {
    const first = nameOf(this.texts[slot]);
    this.texts[slot] = first + text;
    this.#cuts[slot] = first.length;
    this.#mark(slot, Code.TWO);
  }

  #mark(slot: number, bit: number): void {
    this.codes[slot] = (this.codes[slot] as number) | bit;
  }

  /** Forgets all of it. */
  clear(): void {
    this.codes.fill(0);
    this.cells.fill(0);
    this.texts.fill(undefined);
  }

  /** The event of a slot, as a plain object. */
  read(slot: number): LifecycleEvent {
    const [at = 0, id = 0, other = 0] = this.cells.subarray(CELLS * slot, CELLS * (slot + 1));
    const code = this.codes[slot] as number;
    const detail = (code >> Code.DETAIL) & 7;
    const own = this.texts[slot];
    const both = nameOf(own);
    const length = code & Code.TWO ? this.#cuts[slot] as number : both.length;
    const text = both.slice(0, length);
    const isFlagged = (code & Code.FLAG) !== 0;
    const type = Code.TYPES[code & Code.TYPE] as typeof Code.TYPES[number];
    switch (type) {
      case "spawn": {
        const kind = Code.KINDS[detail] as SpawnKind;
        return {
          type,
          at,
          id,
          parent: kind === "detached" ? null : other || null,
          spawner: other || null,
          kind,
          name: text,
          deadline: code & Code.LIMITED ? this.#deadlines[slot] as number : null,
          queued: isFlagged,
          ...(code & Code.TWO && { stack: both.slice(length) }),
        };
      }
      case "start":
      case "deadline":
        return { type, at, id };
      case "settle":
      case "late-settle": {
        const state = Code.STATES[detail] as EndState;
        const message = own === undefined ? null : text;
        return type === "late-settle"
          ? { type, at, id, state, message }
          : { type, at, id, state, late: isFlagged, by: other || null, message };
      }
      case "cancel": {
        const kind = Code.CANCEL_KINDS[detail] as CancelKind;
        return { type, at, id, kind, origin: text, reason: both.slice(length) };
      }
      case "abandon":
        return { type, at, id, message: text };
      case "error":
        return { type, at, id, phase: Code.PHASES[detail] as ErrorPhase, message: text };
    }
  }
}

function nameOf(text: string | number | undefined): string {
  return typeof text === "number" ? `task-${text}` : text ?? "";
}
