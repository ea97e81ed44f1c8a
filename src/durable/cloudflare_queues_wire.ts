/**
 * How messages look in a Cloudflare queue: a line of JSON that says what Cloudflare does not keep, then the body.
 *
 * @module
 */
import type { DeadLetter } from "./engine.ts";

/** What is used of a queue binding. See {@linkcode cloudflareQueues}. */
export interface QueueLike {
  /** Puts a message in. */
  send(body: string, options?: { contentType?: "text"; delaySeconds?: number }): Promise<unknown>;
}

/** What is used of a message that Cloudflare delivers. See {@linkcode queueHandler}. */
export interface QueueMessageLike {
  /** Cloudflare's id of it. */
  readonly id: string;
  /** When it was sent, by Cloudflare's clock. */
  readonly timestamp: Date;
  /** What was sent. */
  readonly body: unknown;
  /** The how-many-th delivery this is, from 1. */
  readonly attempts: number;
  /** Done with it. */
  ack(): void;
  /** To be delivered again. */
  retry(options?: { delaySeconds?: number }): void;
}

/** What is used of a batch that Cloudflare delivers. See {@linkcode queueHandler}. */
export interface QueueBatchLike {
  /** The messages; each has a verdict of its own. */
  readonly messages: readonly QueueMessageLike[];
}

/** What stands before the body. */
export interface Header {
  /** The key of the message, which is its id here. */
  readonly key: string;
  /** Deliveries of earlier copies of it. */
  readonly attempts?: number | undefined;
  /** How long earlier copies of it were in the queue, in milliseconds. */
  readonly waited?: number | undefined;
  /** Why it is a dead letter. */
  readonly reason?: string | undefined;
}

/** The most that Cloudflare takes, without what it adds itself, in bytes. */
export const LARGEST = 127_900;
/** The longest body: the rest is for the header. */
export const LARGEST_BODY = 125_000;
/** The longest delay. */
export const LONGEST_DELAY_SECONDS = 43_200;
const LONGEST_REASON = 300; // characters

/** One text of both. */
export function write(header: Header, body: string): string {
  return `${JSON.stringify(header)}\n${body}`;
}

/** What was written; another program's message is a body under Cloudflare's id, and numbers that are none do not count. */
export function read({ id, body }: QueueMessageLike): { readonly header: Header; readonly body: string } {
  const text = typeof body === "string" ? body : `${JSON.stringify(body)}`;
  const end = text.indexOf("\n");
  try {
    const { key, attempts, waited, reason } = JSON.parse(text.slice(0, Math.max(end, 0)));
    if (typeof key === "string") {
      const header = { key, attempts: count(attempts), waited: count(waited), reason: textOf(reason) };
      return { header, body: text.slice(end + 1) };
    }
  } catch { // not ours
  }
  return { header: { key: id }, body: text };
}

/** With anything else in their place, a message that ends its worker would come again for ever. */
function count(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The bytes of a text in UTF-8. */
export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** A dead letter for another queue; cut to what fits, its body first. */
export function writeDead(header: Header, reason: string, body: string): string {
  const room = LARGEST - bytesOf(write({ ...header, reason: reason.slice(0, LONGEST_REASON) }, ""));
  const bytes = new TextEncoder().encode(body);
  if (bytes.length <= room) return write({ ...header, reason: reason.slice(0, LONGEST_REASON) }, body);
  return write({ ...header, reason: "too long" }, new TextDecoder().decode(bytes.slice(0, room)));
}

/**
 * Reads a message of a dead letter queue. A worker found it dead, or Cloudflare moved it there itself after
 * `max_retries`.
 *
 * @param message As Cloudflare delivers it.
 * @returns The message, its id, and the reason.
 *
 * @example A consumer of the dead letter queue
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readDeadLetter } from "@taskscope/taskscope/durable/cloudflare-queues";
 *
 * const message = {
 *   ...{ id: "8f2c", timestamp: new Date(), attempts: 1, ack() {}, retry() {} },
 *   body: '{"key":"order-7","reason":"The message is not JSON"}\n{"v":',
 * };
 * assertEquals(readDeadLetter(message), { id: "order-7", body: '{"v":', reason: "The message is not JSON" });
 * ```
 */
export function readDeadLetter(message: QueueMessageLike): DeadLetter {
  const { header: { key, reason = "Cloudflare gave up: it was delivered as often as max_retries allows" }, body } =
    read(
      message,
    );
  return { id: key, body, reason };
}
