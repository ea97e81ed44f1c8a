/**
 * One batch of a Cloudflare queue, as an engine that a worker can consume.
 *
 * Invariants:
 * 1. Every message of the batch gets exactly one verdict: one without would count as done when the handler returns.
 * 2. A copy is sent before the message it stands for is done with: a message may come twice, but is not lost.
 *
 * @module
 */
import type { ConsumeOptions, Consumption, Delivery, Engine, Verdict } from "./engine.ts";
import {
  type Header,
  LONGEST_DELAY_SECONDS,
  type QueueBatchLike,
  type QueueLike,
  type QueueMessageLike,
  read,
  write,
  writeDead,
} from "./cloudflare_queues_wire.ts";

/** Where copies and dead letters go. */
export interface Routes {
  readonly queue: QueueLike;
  readonly deadLetters: QueueLike | undefined;
  /** As in the configuration of the queue's consumer: a message that is retried after so many retries is gone. */
  readonly maxRetries: number;
}

type Receive = (delivery: Delivery) => Promise<Verdict>;

/** Hands out the messages of one batch. */
export class BatchConsumption implements Consumption {
  readonly #messages: QueueMessageLike[];
  readonly #routes: Routes;
  readonly #receive: Receive;
  readonly #options: ConsumeOptions;
  readonly #done: () => void;
  readonly #active = new Set<Promise<void>>();

  constructor(batch: QueueBatchLike, routes: Routes, receive: Receive, options: ConsumeOptions, done: () => void) {
    this.#messages = [...batch.messages];
    this.#routes = routes;
    this.#receive = receive;
    this.#options = options;
    this.#done = done;
    this.#pump();
  }

  /** What was not begun is given back. */
  async stop(): Promise<void> {
    const left = this.#messages.splice(0);
    await Promise.all([...left.map((message) => this.#settle(message, { kind: "give-back" })), ...this.#active]);
  }

  #pump(): void {
    while (this.#active.size < this.#options.concurrency) {
      const message = this.#messages.shift();
      if (!message) break;
      const work = this.#deliver(message).finally(() => {
        this.#active.delete(work);
        this.#pump();
      });
      this.#active.add(work);
    }
    if (this.#active.size === 0) this.#done();
  }

  async #deliver(message: QueueMessageLike): Promise<void> {
    await undefined; // never within consume()
    const { header, body } = read(message);
    const delivery: Delivery = {
      id: header.key,
      body,
      attempt: attemptsOf(message, header),
      waited: waitedOf(message, header),
    };
    let verdict: Verdict = { kind: "retry", delay: 0 };
    try {
      verdict = await this.#receive(delivery);
    } catch (error) {
      this.#options.onError(error);
    }
    await this.#settle(message, verdict);
  }

  /** Invariant 1. */
  async #settle(message: QueueMessageLike, verdict: Verdict): Promise<void> {
    try {
      if (verdict.kind === "retry") await this.#retry(message, verdict.delay);
      else if (verdict.kind === "give-back") await this.#giveBack(message);
      else if (verdict.kind === "dead") await this.#bury(message, verdict.reason);
      else message.ack();
    } catch (error) { // of a queue that took no copy
      this.#options.onError(error);
      message.retry();
    }
  }

  async #retry(message: QueueMessageLike, delay: number): Promise<void> {
    const delaySeconds = Math.min(Math.ceil(delay / 1_000), LONGEST_DELAY_SECONDS);
    if (message.attempts <= this.#routes.maxRetries) return message.retry({ delaySeconds });
    await this.#sendCopy(message, 0, delaySeconds);
  }

  /** Cloudflare counts every delivery, so another copy has to say that this one does not count. */
  #giveBack(message: QueueMessageLike): Promise<void> {
    return this.#sendCopy(message, -1, 0);
  }

  async #sendCopy(message: QueueMessageLike, uncounted: number, delaySeconds: number): Promise<void> {
    const { header, body } = read(message);
    const next: Header = {
      key: header.key,
      attempts: attemptsOf(message, header) + uncounted,
      waited: waitedOf(message, header),
    };
    await this.#routes.queue.send(write(next, body), { contentType: "text", delaySeconds });
    message.ack(); // invariant 2
  }

  async #bury(message: QueueMessageLike, reason: string): Promise<void> {
    const { deadLetters } = this.#routes;
    if (!deadLetters) return message.retry(); // until Cloudflare moves it to a queue of its own
    const { header, body } = read(message);
    await deadLetters.send(writeDead(header, reason, body), { contentType: "text" });
    message.ack(); // invariant 2
  }
}

function attemptsOf({ attempts }: QueueMessageLike, header: Header): number {
  return (header.attempts ?? 0) + attempts;
}

function waitedOf({ timestamp }: QueueMessageLike, header: Header): number {
  return (header.waited ?? 0) + Math.max(0, Date.now() - timestamp.getTime());
}

/** An engine that has one batch to consume. See {@linkcode CloudflareQueues}. */
export interface BatchEngine extends Engine {
  /** Hands out the messages of the batch. */
  consume(receive: (delivery: Delivery) => Promise<Verdict>, options: ConsumeOptions): Promise<Consumption>;
  /** Resolves when all of them have their verdicts. */
  readonly ended: Promise<void>;
}

/** Makes that of one batch. */
export function batchEngine(engine: Engine, batch: QueueBatchLike, routes: Routes): BatchEngine {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  return {
    ...{ name: engine.name, maxBytes: engine.maxBytes, records: engine.records, ended },
    enqueue: (message) => engine.enqueue(message),
    consume: (receive, options) => Promise.resolve(new BatchConsumption(batch, routes, receive, options, resolve)),
  };
}
