/**
 * The port to a durable engine: what carries messages from producers to workers, at least once.
 *
 * @module
 */

/** What a producer gives to an engine. See {@linkcode Engine}. */
export interface Message {
  /** Two messages with the same key are one: the second is not delivered while the engine still knows the first. */
  readonly key: string;
  /** The envelope, as JSON. */
  readonly body: string;
  /** When the work must be over; an engine may forget the message some time after that. */
  readonly deadline: Date;
}

/** A message on its way to a worker. See {@linkcode Engine}. */
export interface Delivery {
  /** The id that `enqueue` returned. */
  readonly id: string;
  /** As it was given to `enqueue`. */
  readonly body: string;
  /** The how-many-th delivery this is, from 1, as far as the engine counts; given back ones count where it cannot tell. */
  readonly attempt: number;
  /** How long it was in the engine, in milliseconds by the engine's own clock, where that is known. */
  readonly waited?: number | undefined;
  /**
   * Keeps the message from being delivered to another worker for this long from now, in milliseconds. Rejects if that
   * cannot be done; where the engine knows that the lease is lost, at the latest when another worker has the message.
   */
  extend?(ms: number): Promise<void>;
}

/** What became of a delivery. See {@linkcode Receiver}. */
export type Verdict =
  /** Done with: succeeded, failed for good, dropped, or canceled. */
  | {
    /** What is to be done with the message. */
    readonly kind: "done";
  }
  /** To be delivered again, not before `delay` milliseconds. */
  | {
    readonly kind: "retry";
    /** How long to wait at least, in milliseconds. */
    readonly delay: number;
  }
  /** Given back unfinished, because the worker ends; to be delivered again at once. */
  | { readonly kind: "give-back" }
  /** Can never be processed: to be kept with the reason, for a person to look at. */
  | {
    readonly kind: "dead";
    /** What people should read. */
    readonly reason: string;
  };

/** How a worker takes messages. See {@linkcode Engine}. */
export interface ConsumeOptions {
  /** How many deliveries may be with the worker at once. */
  readonly concurrency: number;
  /** How long a delivery is the worker's own unless it is extended, in milliseconds. */
  readonly lease: number;
  /** Told of errors of the engine (a lost connection); consuming goes on. */
  readonly onError: (error: unknown) => void;
}

/** A running consumption. See {@linkcode Engine}. */
export interface Consumption {
  /** Takes no more; resolves when the verdicts of all deliveries have reached the engine. */
  stop(): Promise<void>;
}

/** A message that can never be processed. See {@linkcode Engine}. */
export interface DeadLetter {
  /** The id that `enqueue` returned. */
  readonly id: string;
  /** As it was given to `enqueue`. */
  readonly body: string;
  /** Why it is dead. */
  readonly reason: string;
}

/** Small facts that outlive processes: cancellations, steps done once, and how tasks ended. See {@linkcode Engine}. */
export interface Records {
  /** The value of a key, or `undefined`. */
  get(key: string): Promise<string | undefined>;
  /**
   * Writes a value.
   *
   * @param ttl How long it must be kept, in milliseconds.
   * @param onlyIfAbsent Whether an existing value is to be left alone; atomic where the engine can.
   * @returns Whether it was written.
   */
  set(key: string, value: string, ttl: number, onlyIfAbsent?: boolean): Promise<boolean>;
  /** Removes a key, if it is there. */
  delete(key: string): Promise<void>;
}

/** A durable engine, as far as hand-off is concerned. Delivery is at least once. See {@linkcode handoffTo}. */
export interface Engine {
  /** What people see: `pg-boss`, `bullmq`, `cloudflare-queues`, `deno-kv`, `in-process`. */
  readonly name: string;
  /** The largest body it takes, in bytes of UTF-8, if there is a limit. */
  readonly maxBytes?: number | undefined;
  /** Where small facts are kept; without it there is no cancellation during the run, and no `once`. */
  readonly records?: Records | undefined;
  /**
   * Puts a message in.
   *
   * @returns The engine's id of it, when the engine has it for good; that of the first message if the key is known.
   */
  enqueue(message: Message): Promise<string>;
  /**
   * Takes a message out that no worker has.
   *
   * @returns Whether it will surely not be delivered (again).
   */
  remove?(id: string): Promise<boolean>;
  /** Hands messages to `receive` until it is stopped. An engine that pushes (Cloudflare) has an entry of its own instead. */
  consume?(receive: (delivery: Delivery) => Promise<Verdict>, options: ConsumeOptions): Promise<Consumption>;
  /** The messages that were found dead, for people and tests. */
  deadLetters?(): AsyncIterable<DeadLetter>;
  /** Lets go of connections that it opened itself. */
  close?(): Promise<void>;
}

/** How long an engine of ours knows a key after the deadline of its message, in milliseconds. */
export const KNOWN_AFTER = 60_000;
