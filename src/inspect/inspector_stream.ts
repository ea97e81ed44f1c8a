/**
 * What happens, as Server-Sent Events for one client.
 *
 * 1. At most one message waits for a client: it is made when the one before has been taken, of all that is new since.
 *    Who is slow gets fewer and larger ones, up to a new start; who takes none costs nothing.
 * 2. A client that comes again is sent what it has missed.
 * 3. The timer belongs to the client's own request: workerd lets no request wake another.
 * 4. While the host is closing no stream stays open, or it would wait for that: each has what is new, and ends. Pages come
 *    again by themselves.
 *
 * @module
 */
import { DeadlineHeap } from "../deadline.ts";

/** What a client has; its `Last-Event-ID`. */
export interface Position {
  readonly rows: number;
  readonly ended: number;
  readonly alerts: number;
  readonly status: string;
}

/** Makes what is sent. */
export interface Source {
  /** Differs from that of another inspector, such as the one before a restart. */
  readonly epoch: string;
  /** Whether the host is about to end. */
  readonly isClosing: boolean;
  /** What a client has to know at first. */
  greeting(): object;
  /** What is new since a position; no data if nothing is. */
  news(since: Position): { readonly position: Position; readonly data: object | undefined };
}

const NOTHING: Position = { rows: 0, ended: 0, alerts: 0, status: "" };
const TICK = 200; // between two messages, in milliseconds
const RETRY = 1_000;
const PATIENCE = 30_000;

/** One client that listens. */
export class Client {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #heap = new DeadlineHeap();
  readonly #source: Source;
  readonly #keepAlive: number;
  readonly #left: () => void;
  #position: Position;
  #isGreeted = false;
  #isLast = false; // whether what it was sent last is the last
  #isOver: false | "left" | "closed" = false;
  #sentAt = 0;
  #wake: (() => void) | undefined; // while it waits
  #idleSince: number | undefined = Date.now(); // while it takes nothing

  /**
   * @param lastId The `Last-Event-ID` of the client; anybody's text.
   * @param left Called once, when the client has left or was closed.
   */
  constructor(source: Source, lastId: string | null, keepAlive: number, left: () => void) {
    this.#source = source;
    this.#keepAlive = keepAlive;
    this.#left = left;
    this.#position = parsePosition(lastId, source.epoch);
    const encoder = new TextEncoder();
    this.stream = new ReadableStream({
      pull: async (controller) => {
        this.#idleSince = undefined;
        const text = await this.#next();
        this.#idleSince = Date.now();
        if (text !== undefined) controller.enqueue(encoder.encode(text));
        else if (this.#isOver !== "left") controller.close();
      },
      cancel: () => this.#end("left"),
    }, { highWaterMark: 0 }); // invariant 1
  }

  /** Whether it has not taken what there is for so long that it may be gone, with nobody having said so. */
  isStalled(now: number): boolean {
    return this.#idleSince !== undefined && now - this.#idleSince > PATIENCE;
  }

  /** Ends the stream. */
  close(): void {
    this.#end("closed");
  }

  #end(how: "left" | "closed"): void {
    if (this.#isOver) return;
    this.#isOver = how;
    this.#wake?.();
    this.#left();
  }

  async #next(): Promise<string | undefined> {
    while (!this.#isOver) {
      const now = Date.now();
      if (!this.#isGreeted) {
        this.#isGreeted = true;
        return `retry: ${RETRY}\n${message("hello", undefined, this.#source.greeting())}`;
      }
      if (this.#isLast) break;
      this.#isLast = this.#source.isClosing; // invariant 4
      const { position, data } = this.#source.news(this.#position);
      if (data) {
        this.#position = position;
        this.#sentAt = now;
        return message("news", formatPosition(position, this.#source.epoch), data);
      }
      if (this.#isLast) break;
      if (now - this.#sentAt >= this.#keepAlive) {
        this.#sentAt = now;
        return ": keep-alive\n\n";
      }
      await this.#pause();
    }
    this.close();
    return undefined;
  }

  async #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const entry = this.#heap.add(Date.now() + TICK, resolve);
    this.#wake = resolve;
    await promise;
    this.#heap.remove(entry);
  }
}

/** JSON has no line breaks outside of escapes: data is one line, whatever its texts are. */
function message(event: string, id: string | undefined, data: object): string {
  return `event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

function formatPosition({ rows, ended, alerts }: Position, epoch: string): string {
  return `${epoch}.${rows}.${ended}.${alerts}`;
}

function parsePosition(id: string | null, epoch: string): Position {
  const [, from, rows, ended, alerts] = id?.match(/^([0-9a-f]{1,64})\.(\d{1,15})\.(\d{1,15})\.(\d{1,15})$/) ?? [];
  if (from !== epoch) return NOTHING;
  return { rows: Number(rows), ended: Number(ended), alerts: Number(alerts), status: "" };
}
