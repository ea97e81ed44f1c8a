/**
 * Deadlines: what a user may write, and the heap that watches over many of them with one timer. The only place that
 * sets a timer.
 *
 * Invariants of a heap:
 * 1. `entries[0]` is due first; every entry knows its index, so that removing one is O(log n).
 * 2. While there are entries that will come, one timer is set and keeps the process alive; when the last entry goes, it
 *    is cleared.
 * 3. An entry is told only when the clock says so: timers may fire early (Node), late, or in pieces of 2^31-1 ms.
 *
 * @module
 */
import { LONGEST_DELAY } from "./signals.ts";
import { assertNumber, show, wrong } from "./validate.ts";

/** A length of time in parts; at least one part is needed. See {@linkcode Deadline}. */
export interface DurationParts {
  /** Hours. */
  readonly hours?: number;
  /** Minutes. */
  readonly minutes?: number;
  /** Seconds. */
  readonly seconds?: number;
  /** Milliseconds. */
  readonly milliseconds?: number;
}

/** What is needed of a `Temporal.Instant` or `Temporal.ZonedDateTime`. See {@linkcode Deadline}. */
export interface InstantLike {
  /** Milliseconds since 1970. */
  readonly epochMilliseconds: number;
}

/** What is needed of a `Temporal.Duration`. See {@linkcode Deadline}. */
export interface TemporalDurationLike {
  /** The whole length in the given unit. */
  total(options: { unit: "milliseconds" }): number;
}

/**
 * The moment after which work must be over.
 *
 * - a number: milliseconds from now, as for `AbortSignal.timeout`
 * - a `Date`, `Temporal.Instant` or `Temporal.ZonedDateTime`: that moment
 * - `{ hours, minutes, seconds, milliseconds }` or a `Temporal.Duration`: that long from now
 *
 * Zero, a negative length or a moment in the past is not a mistake but too late, as in Go and Kotlin: the work fails with
 * `DeadlineExceededError` and its function is not called.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type Deadline, TaskScope } from "@taskscope/taskscope";
 *
 * const deadlines: Deadline[] = [500, { minutes: 1, seconds: 30 }, new Date(Date.now() + 60_000)];
 * for (const deadline of deadlines) assertEquals(await TaskScope.run(() => "in time", { deadline }), "in time");
 * ```
 */
export type Deadline =
  | number
  | Pick<Date, "getTime"> // all of Date's methods would hide the four parts in the editor's completions
  | DurationParts
  | InstantLike
  | TemporalDurationLike;

const LAST_MOMENT = 8.64e15; // the end of what a Date can hold
const PARTS: Readonly<Record<string, number>> = { hours: 3_600_000, minutes: 60_000, seconds: 1_000, milliseconds: 1 };

/**
 * @param what What was attempted, for the message.
 * @returns The moment, in milliseconds since 1970.
 * @throws {TypeError} If `deadline` has none of the shapes of a {@linkcode Deadline}.
 * @throws {RangeError} If it is NaN, infinite, or beyond what a `Date` can hold.
 */
export function parseDeadline(deadline: unknown, now: number, what: string): number {
  const at = typeof deadline === "number" ? now + deadline : parseObject(deadline, now, what);
  if (!(Math.abs(at) <= LAST_MOMENT)) {
    throw new RangeError(`${what}: a deadline must be finite, got ${show(deadline)}`);
  }
  return at;
}

function parseObject(deadline: unknown, now: number, what: string): number {
  const { getTime, epochMilliseconds, total } = Object(deadline) as Partial<Date & InstantLike & TemporalDurationLike>;
  if (typeof getTime === "function") return (deadline as Date).getTime(); // also of another realm
  if (epochMilliseconds !== undefined) return Number(epochMilliseconds);
  if (typeof total === "function") return now + (deadline as TemporalDurationLike).total({ unit: "milliseconds" });
  const length = typeof deadline === "object" ? sumParts(deadline as Record<string, unknown>, what) : undefined;
  if (length !== undefined) return now + length;
  throw wrong(what, "a deadline is needed: ms, a Date or a duration such as { seconds: 20 }", deadline);
}

function sumParts(parts: Record<string, unknown>, what: string): number | undefined {
  let length: number | undefined;
  for (const key in parts) {
    const value = parts[key];
    const unit = PARTS[key];
    if (typeof unit !== "number") throw wrong(what, `a duration has ${Object.keys(PARTS).join(", ")}`, key);
    if (value === undefined) continue;
    assertNumber(value, `the ${key} of a duration`, what, -Infinity, Infinity);
    length = (length ?? 0) + value * unit;
  }
  return length;
}

/** Something that happens at a moment; made by {@linkcode DeadlineHeap.add}. */
export interface HeapEntry {
  /** The moment, in milliseconds since 1970. */
  readonly at: number;
  /** Where the heap keeps it; -1 while it is in none. */
  index: number;
  readonly due: () => void;
}

/** Many deadlines, one timer. Owned by a root scope, never by a module: on workerd a timer belongs to its request. */
export class DeadlineHeap {
  readonly #entries: HeapEntry[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wakesAt = Infinity; // when the timer is set for

  /**
   * Has `due` called at a moment, once.
   *
   * @param at In milliseconds since 1970.
   * @returns What removes it.
   */
  add(at: number, due: () => void): HeapEntry {
    const entry = { at, due, index: this.#entries.length };
    this.#entries.push(entry);
    this.#sift(entry.index);
    if (at < this.#wakesAt) this.#arm(at);
    return entry;
  }

  /** Removes an entry; none, or one that is in no heap, is ignored. */
  remove(entry: HeapEntry | undefined): void {
    if (!entry || entry.index < 0) return;
    const { index } = entry;
    entry.index = -1;
    const last = this.#entries.pop() as HeapEntry;
    if (last !== entry) {
      this.#entries[last.index = index] = last;
      this.#sift(index);
    }
    if (this.#entries.length === 0) this.#arm(Infinity); // invariant 2
  }

  #arm(at: number): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wakesAt = at;
    if (at === Infinity) return;
    const timer = setTimeout(() => this.#wake(), Math.min(Math.max(at - Date.now(), 0), LONGEST_DELAY));
    // Deno loads its timers at the first call and runs microtasks meanwhile: the heap may have changed.
    if (this.#wakesAt === at) this.#timer = timer;
    else clearTimeout(timer);
  }

  #wake(): void {
    this.#timer = undefined;
    this.#wakesAt = -Infinity; // what is added meanwhile needs no timer of its own
    const now = Date.now(); // what is added for later has its own turn, however long this one takes
    try {
      for (let first = this.#entries[0]; first && first.at <= now; first = this.#entries[0]) {
        this.remove(first); // invariant 3: the clock said so
        first.due();
      }
    } finally {
      this.#arm(this.#at(0)); // invariant 2, also when a host's own getter threw
    }
  }

  #at(index: number): number {
    return this.#entries[index]?.at ?? Infinity;
  }

  /** Restores the order around one entry (invariant 1). */
  #sift(index: number): void {
    const parent = (index - 1) >> 1;
    const left = 2 * index + 1;
    const child = this.#at(left + 1) < this.#at(left) ? left + 1 : left;
    const other = index > 0 && this.#at(index) < this.#at(parent) ? parent : child;
    if (other === child && this.#at(child) >= this.#at(index)) return;
    const [a, b] = [this.#entries[index], this.#entries[other]] as [HeapEntry, HeapEntry];
    this.#entries[a.index = other] = a;
    this.#entries[b.index = index] = b;
    this.#sift(other);
  }
}
