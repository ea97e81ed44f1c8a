/**
 * What is written down of one delivery: in the records of its engine and, if it is an operation, in the store of those.
 *
 * @module
 */
import { Bell } from "../http/operations/bell.ts";
import type { Env } from "../http/operations/env.ts";
import type { Records } from "./engine.ts";
import { OperationRun } from "./operation_run.ts";
import { cancelKey, readEnding, type TaskEnding, writeEnding } from "./records.ts";

/** What a ledger needs. */
export interface LedgerOptions {
  readonly id: string;
  readonly records: Records | undefined;
  readonly operations: Env | undefined;
  readonly keep: number;
  onError(error: unknown): void;
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
   * @returns Why it cannot be done, if it cannot.
   */
  async open(id: string): Promise<"not-here" | "unknown" | undefined> {
    const { operations } = this.#options;
    if (!operations) return "not-here";
    this.#operation = await this.#stubbornly(() => OperationRun.open(operations, id));
    return this.#operation ? undefined : "unknown";
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

  /**
   * Writes how it ended; if that cannot be written for a while, it has been told, and the engine is to forget the message
   * all the same.
   *
   * @param result What its function returned, also if that is too long for the ending.
   * @returns Another ending, if another worker was first.
   */
  async end(ending: TaskEnding, result: unknown, error: unknown): Promise<TaskEnding | undefined> {
    const { id, records, keep } = this.#options;
    try {
      return await this.#stubbornly(async () => {
        await this.#operation?.end(ending, result, error);
        if (!records || keep === 0 || await writeEnding(records, ending, keep)) return undefined;
        const first = await readEnding(records, id);
        // Its own, if an engine tried again what had been written.
        return first?.endedAt === ending.endedAt && first.attempt === ending.attempt ? undefined : first;
      });
    } catch {
      return undefined;
    }
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
