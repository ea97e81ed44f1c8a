/**
 * What is written down of one delivery: in the records of its engine and, if it is an operation, in the store of those.
 *
 * @module
 */
import { Bell } from "../http/operations/bell.ts";
import type { Env } from "../http/operations/env.ts";
import type { Records } from "./engine.ts";
import { type EndOfOperation, OperationRun } from "./operation_run.ts";
import { cancelKey, readEnding, type TaskEnding, writeEnding } from "./records.ts";

/** What a ledger needs. */
export interface LedgerOptions {
  readonly id: string;
  readonly records: Records | undefined;
  readonly operations: Env | undefined;
  readonly keep: number;
  readonly maxResult: number;
  onError(error: unknown): void;
}

/** What was written of an ending. */
export interface WrittenEnding {
  /** The one that counts. */
  readonly ending: TaskEnding;
  /** Whether it is the one that was given. */
  readonly isOwn: boolean;
  /** Whether it is written now, and was not before. */
  readonly isFirst: boolean;
  /** Whether all have it; otherwise the records do, and the store of operations does not. */
  readonly isComplete: boolean;
}

const PATIENCE = 30_000; // for a store that is down, in milliseconds
const FIRST_RETRY = 100;
const LAST_RETRY = 2_000;

/** One for each delivery. */
export class DeliveryLedger {
  readonly #options: LedgerOptions;
  readonly #bell = new Bell();
  #operation: OperationRun | undefined;
  #isAbandoned = false;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** Nobody waits for it any more. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#bell.ring();
  }

  /** Waits, at most until nobody waits for it any more. */
  async pause(ms: number): Promise<void> {
    if (!this.#isAbandoned) await this.#bell.wait(ms);
  }

  /** How it ended before, and whether somebody wants it canceled; nothing if the records fail: it may run twice then. */
  async known(): Promise<[ending: TaskEnding | undefined, wish: string | undefined]> {
    const { id, records, onError } = this.#options;
    if (!records) return [undefined, undefined];
    try {
      return await Promise.all([readEnding(records, id), records.get(cancelKey(id))]);
    } catch (error) {
      onError(error);
      return [undefined, undefined];
    }
  }

  /**
   * Finds the operation that it is.
   *
   * @param name That of its task.
   * @returns Why it cannot be done, if it cannot.
   */
  async open(id: string, name: string): Promise<{ state: "canceled" | "dead"; reason: string } | undefined> {
    const { operations } = this.#options;
    if (!operations) return { state: "dead", reason: "It is an operation, and the worker was not given `operations`" };
    const operation = await this.#stubbornly(() => OperationRun.open(operations, id));
    if (!operation) return { state: "canceled", reason: "Its operation is not known any more" };
    if (operation.name !== name) {
      return { state: "dead", reason: `Its operation is "${operation.name}", not "${name}"` };
    }
    this.#operation = operation;
    return undefined;
  }

  /** Why its operation is not to run, if it is not. */
  async unwanted(): Promise<string | undefined> {
    return await this.#stubbornly(() => this.#operation?.look());
  }

  /** Writes that it runs. */
  async begin(): Promise<void> {
    await this.#stubbornly(() => this.#operation?.begin());
  }

  /** Why somebody wants it canceled while it runs, if anybody does. */
  async look(): Promise<string | undefined> {
    const { id, records } = this.#options;
    return await records?.get(cancelKey(id)) ?? await this.#operation?.look();
  }

  /** Takes progress. */
  progress(fraction: number, message?: string): void {
    this.#operation?.progress(fraction, message);
  }

  /** How its operation ended, if it has: its worker died before it could write that here, too. */
  get ended(): EndOfOperation | undefined {
    return this.#operation?.ended;
  }

  /** Brings to its operation how it ended before. */
  async repeat(ending: TaskEnding): Promise<void> {
    await this.#stubbornly(() => this.#operation?.end(ending, ending.result, undefined));
  }

  /**
   * Writes how it ended: first into the store of operations, which also keeps long results, then into the records. What
   * either of them has already counts. If neither can be written to for a while, it has been told, and the engine is to
   * forget the message all the same.
   *
   * @param ending With its result, however long that is.
   */
  async end(ending: TaskEnding, error: unknown): Promise<WrittenEnding> {
    const { records, keep } = this.#options;
    let other: EndOfOperation | undefined;
    let isComplete = true;
    try {
      other = await this.#stubbornly(() => this.#operation?.end(ending, ending.result, error));
    } catch {
      isComplete = false;
    }
    const own = this.#short(other ? { ...ending, result: undefined, error: undefined, ...other } : ending);
    const written = { ending: own, isOwn: !other, isFirst: true, isComplete: true };
    if (!records || keep === 0) return written;
    try {
      const first = await this.#stubbornly(() => this.#write(records, own));
      return first ? { ending: first, isOwn: false, isFirst: false, isComplete } : { ...written, isComplete };
    } catch {
      return written;
    }
  }

  /** Without a result that is too long to be kept. */
  #short({ result, ...ending }: TaskEnding): TaskEnding {
    if (result === undefined) return ending;
    const isShort = new TextEncoder().encode(JSON.stringify(result)).length <= this.#options.maxResult;
    return isShort ? { ...ending, result } : ending;
  }

  /** @returns Another ending that was there before. */
  async #write(records: Records, ending: TaskEnding): Promise<TaskEnding | undefined> {
    if (await writeEnding(records, ending, this.#options.keep)) return undefined;
    const first = await readEnding(records, ending.id);
    // Its own, if an engine tried again what had been written.
    return first?.endedAt === ending.endedAt && first.attempt === ending.attempt ? undefined : first;
  }

  /** Calls what may fail with a store that is down: again, for a while; the lease is extended meanwhile. */
  async #stubbornly<T>(call: () => Promise<T> | undefined): Promise<T | undefined> {
    const giveUpAt = Date.now() + PATIENCE;
    for (let delay = FIRST_RETRY, isTold = false;; delay = Math.min(2 * delay, LAST_RETRY), isTold = true) {
      try {
        return await call();
      } catch (error) {
        if (!isTold) this.#options.onError(error);
        if (this.#isAbandoned || Date.now() + delay >= giveUpAt) throw error;
        await this.#bell.wait(delay);
      }
    }
  }
}
