/**
 * Bodies of requests, read into memory: what is kept of them is their bytes, and no more of those than is allowed.
 *
 * A server may give each part, be it of one byte, in a buffer of its own: Deno's have 64 KiB. Kept as they come, the
 * parts of a body of one megabyte would fill the memory of any machine, if a client sends it byte by byte.
 *
 * @module
 */
import { follow } from "../signals.ts";

/** Bytes, and bytes as a stream has them. */
export type Bytes = Uint8Array<ArrayBuffer>;

const LEAST = 1_024;

/** Bytes in the order in which they came, in one buffer. */
export class KeptBytes {
  readonly #most: number;
  #buffer: Bytes = new Uint8Array();
  #length = 0;
  #total = 0; // with what was taken

  /** @param most How many may come. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many there are. */
  get length(): number {
    return this.#length;
  }

  /** Adds a copy of a part; `false` if that is too much. */
  add(part: Uint8Array): boolean {
    this.#total += part.byteLength;
    if (this.#total > this.#most) return false;
    const length = this.#length + part.byteLength;
    if (length > this.#buffer.byteLength) {
      const larger = new Uint8Array(Math.max(length, Math.min(2 * this.#buffer.byteLength, this.#most), LEAST));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    this.#buffer.set(part, this.#length);
    this.#length = length;
    return true;
  }

  /** All there are; they are kept no longer. */
  take(): Bytes {
    const taken = this.#buffer.subarray(0, this.#length);
    this.#buffer = new Uint8Array();
    this.#length = 0;
    return taken;
  }
}

/**
 * Reads a body to its end.
 *
 * @param signal Ends the reading, and the body.
 * @returns Its bytes; nothing if there are more than `most`.
 * @throws The reason of the signal, or what the body fails with.
 */
export async function readBytes(
  body: ReadableStream<Bytes>,
  most: number,
  signal: AbortSignal,
): Promise<Bytes | undefined> {
  const kept = new KeptBytes(most);
  const reader = body.getReader();
  const stop = (reason?: unknown) => void reader.cancel(reason).catch(() => {}); // nobody waits for its end
  const unfollow = follow(signal, ({ reason }) => stop(reason));
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return kept.take();
      if (kept.add(value)) continue;
      stop();
      return undefined;
    }
  } finally {
    unfollow();
  }
}

/**
 * Reads a body to its end, whether anybody reads the copy or not.
 *
 * @param tooLong Makes the error of the copy if there are more than `most` bytes.
 * @param signal Ends the reading, and both bodies.
 * @returns The copy: each part of it is all that has come so far.
 */
export function readAheadOf(
  body: ReadableStream<Bytes>,
  most: number,
  tooLong: () => Error,
  signal: AbortSignal,
): ReadableStream<Bytes> {
  const kept = new KeptBytes(most);
  const reader = body.getReader();
  let isOver = false;
  let isWanted = false;
  const stop = (reason: unknown) => void reader.cancel(reason).catch(() => {}); // nobody waits for its end
  let unfollow = () => {};
  return new ReadableStream<Bytes>({
    start(controller) {
      const fail = (error: unknown) => {
        if (isOver) return;
        isOver = true;
        controller.error(error);
        stop(error);
      };
      const read = async () => {
        for (;;) {
          const { done, value } = await reader.read();
          if (isOver) return;
          isOver = done;
          if (value && !kept.add(value)) throw tooLong();
          if (isWanted) give(controller);
          if (done) return;
        }
      };
      unfollow = follow(signal, ({ reason }) => fail(reason));
      read().catch(fail).finally(() => unfollow());
    },
    pull: (controller) => give(controller),
    cancel(reason) {
      isOver = true;
      unfollow();
      stop(reason);
    },
  }, { highWaterMark: 0 });

  function give(controller: ReadableStreamDefaultController<Bytes>): void {
    isWanted = kept.length === 0;
    if (!isWanted) controller.enqueue(kept.take());
    else if (isOver) controller.close();
  }
}
