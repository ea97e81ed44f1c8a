/**
 * The body of an answer: complete when the handler returns it, or streamed.
 *
 * @module
 */

type Chunk = ReadableStreamReadResult<Uint8Array<ArrayBuffer>>;

const TICKS = 32;

/** A streamed body, on its way to the client. */
export interface SentBody {
  /** What the platform is given. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Fulfills when all was handed over or the client canceled it, rejects when its source failed. */
  readonly sent: Promise<void>;
  /** Errors the stream and cancels its source. */
  stop(reason: unknown): void;
}

/**
 * Looks at most one chunk and some microtasks into a body.
 *
 * A string or bytes end within that; a body that says it has ended surely has, so waiting before it is sent blocks
 * nobody. Anything else counts as streamed.
 *
 * @param onCancel Called if the client cancels the streamed body.
 * @returns All of its bytes, or the body to stream.
 */
export async function readAhead(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  onCancel: () => void,
): Promise<Uint8Array<ArrayBuffer> | SentBody> {
  const reader = body.getReader();
  const first = reader.read();
  const firstChunk = await soon(first);
  if (firstChunk?.done) return new Uint8Array();
  const ahead = [first];
  if (firstChunk) {
    const second = reader.read();
    if ((await soon(second))?.done) return firstChunk.value;
    ahead.push(second);
  }
  return send(reader, ahead, onCancel);
}

/** What a promise fulfills with within some microtasks. No timer: a slow body must not be held back. */
async function soon(promise: Promise<Chunk>): Promise<Chunk | undefined> {
  let chunk: Chunk | undefined;
  promise.then((value) => chunk = value, () => {}); // whoever reads it next hears of the error
  for (let tick = 0; tick < TICKS && chunk === undefined; tick++) await undefined;
  return chunk;
}

function send(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
  ahead: Promise<Chunk>[],
  onCancel: () => void,
): SentBody {
  const { promise: sent, resolve, reject } = Promise.withResolvers<void>();
  sent.catch(() => {}); // the scope awaits it, if it still does
  let controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  let isOver = false;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (given) => void (controller = given),
    async pull() {
      try {
        const { done, value } = await (ahead.shift() ?? reader.read());
        if (isOver) return;
        if (!done) return controller.enqueue(value);
        isOver = true;
        controller.close();
        resolve();
      } catch (error) {
        if (isOver) return;
        isOver = true;
        controller.error(error);
        reject(error);
      }
    },
    cancel(reason) {
      isOver = true;
      onCancel();
      resolve();
      return reader.cancel(reason);
    },
  }, { highWaterMark: 0 }); // the client's pace is the source's
  const stop = (reason: unknown) => {
    if (isOver) return;
    isOver = true;
    controller.error(reason);
    reader.cancel(reason).catch(() => {}); // the reason is reported already
  };
  return { stream, sent, stop };
}
