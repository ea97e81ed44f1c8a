/**
 * One request while it lasts: what may end it early, and what is freed with it.
 *
 * @module
 */
import { DeadlineHeap, type HeapEntry } from "../../deadline.ts";
import { follow } from "../../signals.ts";
import { Bell } from "../operations/bell.ts";

/** The line to the server. Ends when the caller's signal aborts, or when nothing is heard for too long. */
export class Line {
  readonly #controller = new AbortController();
  readonly #heap = new DeadlineHeap();
  readonly #unfollow: (() => void) | undefined;
  #silence: HeapEntry | undefined;

  /**
   * @throws The reason of the signal, if it has aborted.
   */
  constructor(signal: AbortSignal | undefined) {
    signal?.throwIfAborted();
    this.#unfollow = signal && follow(signal, ({ reason }) => this.#controller.abort(reason));
  }

  /** Aborts when the line ends, however it does. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** From now on, something has to be heard within `ms`; without it, there is no hurry. */
  expect(ms?: number): void {
    if (this.#silence) this.#heap.remove(this.#silence);
    const hangUp = () => this.#controller.abort(new Error(`nothing was heard for ${ms} ms`));
    this.#silence = ms === undefined ? undefined : this.#heap.add(Date.now() + ms, hangUp);
  }

  /** Frees it all. */
  end(): void {
    this.expect();
    this.#unfollow?.();
    this.#controller.abort();
  }
}

/**
 * Waits.
 *
 * @param ms In milliseconds.
 * @throws The reason of the signal, if it aborts meanwhile.
 */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  const bell = new Bell();
  const unfollow = signal && follow(signal, () => bell.ring());
  await bell.wait(ms);
  unfollow?.();
  signal?.throwIfAborted();
}
