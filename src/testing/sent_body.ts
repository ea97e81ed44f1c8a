/**
 * A response on its way to the client: taken from the handler as fast as a socket would, read by the client at its pace.
 *
 * @module
 */

const SOCKET_BUFFER = 65_536; // bytes; then the handler's stream has to wait for the client
const TICKS = 32; // microtasks within which a body that is complete surely ends

type Bytes = Uint8Array<ArrayBuffer>;

/** What becomes of a body. */
export interface BodyListener {
  /** All of it was handed over. */
  sent(): void;
  /** Its source failed. */
  failed(error: unknown): void;
}

/** The body of one response. */
export class SentBody {
  /** What the client reads; `null` if there is no body. */
  readonly stream: ReadableStream<Bytes> | null;
  readonly #reader: ReadableStreamDefaultReader<Bytes> | undefined;
  readonly #listener: BodyListener;
  readonly #onLeave: () => void;
  #controller: ReadableStreamDefaultController<Bytes> | undefined;
  #wake: (() => void) | undefined;
  #isOver = false;

  /**
   * @param onLeave Called if the client cancels the stream: it leaves.
   * @throws {TypeError} If the body was read already.
   */
  constructor(body: ReadableStream<Bytes> | null, listener: BodyListener, onLeave: () => void) {
    this.#listener = listener;
    this.#onLeave = onLeave;
    this.#reader = body?.getReader();
    this.stream = body && new ReadableStream<Bytes>({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#wake?.(),
      cancel: () => this.#onLeave(),
    }, new ByteLengthQueuingStrategy({ highWaterMark: SOCKET_BUFFER }));
  }

  /** Hands it over; the promise fulfills soon, when a complete body has been. */
  async send(): Promise<void> {
    if (!this.#reader) return this.#end(() => this.#listener.sent());
    void this.#pump(this.#reader);
    for (let tick = 0; tick < TICKS && !this.#isOver; tick++) await undefined;
  }

  /** The client has left, or the connection is cut: the source is canceled, the client's stream errors. */
  stop(reason: unknown): void {
    this.#end(() => {
      this.#controller?.error(reason);
      this.#reader?.cancel(reason).catch(() => {}); // the source's own trouble
    });
  }

  async #pump(reader: ReadableStreamDefaultReader<Bytes>): Promise<void> {
    try {
      for (let chunk = await reader.read(); !chunk.done && !this.#isOver; chunk = await reader.read()) {
        this.#controller?.enqueue(chunk.value);
        if ((this.#controller?.desiredSize ?? 1) <= 0) await new Promise<void>((resolve) => this.#wake = resolve);
      }
      this.#end(() => {
        this.#controller?.close();
        this.#listener.sent();
      });
    } catch (error) {
      this.#end(() => {
        this.#controller?.error(error);
        this.#listener.failed(error);
      });
    }
  }

  #end(how: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#wake?.();
    how();
  }
}
