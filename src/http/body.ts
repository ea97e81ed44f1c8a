/**
 * The body of an answer: complete when the handler returns it, or streamed.
 *
 * @module
 */
import { isWorkerd } from "../platforms/globals.ts";

type Chunk = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>["read"]>>;

const TICKS = 32;
const LONGEST = 1_048_576; // bytes of a string on workerd that are worth the turns

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
 * Looks ahead into a body, for as many parts as a string or bytes have here.
 *
 * These end within that; a body that says it has ended surely has, so waiting before it is sent blocks nobody. Anything
 * else counts as streamed: also a Blob on Bun, a string of more than 1 MiB on workerd and of more than 6 MiB on Bun.
 *
 * @param onCancel Called if the client cancels the streamed body.
 * @param turn Fulfills in the next turn of the event loop. Only on workerd is it waited for: a string takes that long
 * there, elsewhere a slow body would be held back for nothing.
 * @returns All of its bytes, or the body to stream.
 */
export async function readAhead(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  onCancel: () => void,
  turn: () => Promise<void>,
): Promise<Uint8Array<ArrayBuffer> | SentBody> {
  const isInTurns = isWorkerd(); // a string comes in parts of 4 KiB
  const most = isInTurns ? Infinity : "Bun" in globalThis ? 4 : 1; // Bun: 16 KiB, then parts of 2 MiB
  const reader = body.getReader();
  const ahead: Promise<Chunk>[] = [];
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  while (parts.length <= most && (!isInTurns || length <= LONGEST)) {
    const next = reader.read();
    ahead.push(next);
    const chunk = await soon(next, isInTurns ? turn : undefined);
    if (!chunk) break;
    if (chunk.done) return join(parts, length);
    if (!isBytes(chunk.value)) break; // the platform may take it, as Bun does a string, or says why not
    parts.push(chunk.value);
    length += chunk.value.byteLength;
  }
  return send(reader, ahead, onCancel);
}

/** As by `instanceof`, also for those of another realm. */
function isBytes(value: unknown): boolean {
  return Object.prototype.toString.call(value) === "[object Uint8Array]";
}

/** What a promise fulfills with within some microtasks, or a turn; `undefined` if it takes longer, or rejects. */
async function soon(promise: Promise<Chunk>, turn: (() => Promise<void>) | undefined): Promise<Chunk | undefined> {
  let chunk: Chunk | undefined;
  const settled = promise.then((value) => void (chunk = value), () => {}); // whoever reads it next hears of the error
  for (let tick = 0; tick < TICKS && chunk === undefined; tick++) await undefined;
  if (chunk === undefined && turn) await Promise.race([settled, turn()]);
  return chunk;
}

function join(parts: readonly Uint8Array<ArrayBuffer>[], length: number): Uint8Array<ArrayBuffer> {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return bytes;
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
