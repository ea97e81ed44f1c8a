/**
 * The record of an operation that was handed off, as the worker keeps it.
 *
 * Nobody renews its lease, which lasts until after its deadline: if its worker dies, the engine gives it to another one,
 * and until then it is what it was.
 *
 * @module
 */
import { cancelKey, type Env, load, report } from "../http/operations/env.ts";
import { describe, endingOf } from "../http/operations/ending.ts";
import { HeldRecord } from "../http/operations/held_record.ts";
import { isEnded, type OperationProgress } from "../http/operations/operation.ts";
import { toProgress } from "../http/operations/progress.ts";
import { ended, type Ending, type OperationRecord, progressed, started } from "../http/operations/record.ts";
import type { TaskEnding } from "./records.ts";

/** The `kind` of the error of a task that failed because its time was over. */
export const LATE = "deadline";

/** How an operation ended, in the words of a task. */
export type EndOfOperation = Pick<TaskEnding, "state" | "result" | "error">;

/** One for each delivery of an operation. */
export class OperationRun {
  readonly #env: Env;
  readonly #held: HeldRecord;
  #progress: OperationProgress | undefined; // not yet written
  #last: Promise<unknown> = Promise.resolve(); // one write after the other

  private constructor(env: Env, held: HeldRecord) {
    this.#env = env;
    this.#held = held;
  }

  /** Its record, if it is known. */
  static async open(env: Env, id: string): Promise<OperationRun | undefined> {
    const found = await load(env, id);
    return found && new OperationRun(env, new HeldRecord(env, found, () => {}));
  }

  /** The name that it was started under. */
  get name(): string {
    return this.#held.record.name;
  }

  /** Writes that it runs. */
  async begin(): Promise<void> {
    await this.#write((record) => started(record, Date.now()));
  }

  /** Takes progress; it is written at the next look. */
  progress(fraction: number, message?: string): void {
    this.#progress = toProgress(fraction, message);
  }

  /** Writes the progress, and reads what others wrote: why it is to be canceled, if it is. */
  async look(): Promise<string | undefined> {
    await this.#run(() => this.#held.look());
    await this.#flush();
    const { id, state, cancelRequested } = this.#held.record;
    if (isEnded(state)) return `Another process wrote that it is ${state}`;
    if (cancelRequested) return "It was asked for";
    const { store } = this.#env.settings;
    return !store.atomic && await store.get(cancelKey(id)) ? "It was asked for" : undefined;
  }

  /** How it ended, if it has. */
  get ended(): EndOfOperation | undefined {
    return isEnded(this.#held.record.state) ? taskEndOf(this.#held.record) : undefined;
  }

  /**
   * Writes how it ended, unless it has.
   *
   * @returns How it did, if that is something else.
   */
  async end({ state, error }: TaskEnding, value: unknown, thrown: unknown): Promise<EndOfOperation | undefined> {
    const { settings } = this.#env;
    await this.#flush();
    const ending = endOf(state, error, value, this.#env);
    const isWritten = await this.#write((record) => ended(record, ending, Date.now(), settings.ttl));
    if (!settings.store.atomic) await settings.store.delete(cancelKey(this.#held.record.id));
    if (isWritten && ending.state !== "succeeded" && ending.state !== "canceled") {
      report(this.#env, thrown ?? new Error(ending.error?.message), this.#held.record);
    }
    return isWritten || this.#held.record.state === ending.state ? undefined : this.ended;
  }

  async #flush(): Promise<void> {
    const progress = this.#progress;
    if (!progress) return;
    this.#progress = undefined;
    await this.#write((record) => progressed(record, progress, Date.now()));
  }

  #write(change: Parameters<HeldRecord["write"]>[0]): Promise<boolean> {
    return this.#run(() => this.#held.write(change));
  }

  #run<T>(fn: () => Promise<T>): Promise<T> {
    const next = this.#last.then(fn);
    this.#last = next.catch(() => {});
    return next;
  }
}

function endOf(state: TaskEnding["state"], error: TaskEnding["error"], value: unknown, { settings }: Env): Ending {
  if (state === "succeeded") return endingOf({ state, value, late: false }, "", settings).ending;
  const told = error ?? describe(new Error(state), false);
  if (state === "canceled") return { state, error: told };
  const { kind, ...late } = told;
  // Not by its name: a fetch may have timed out.
  if (state === "dropped" || kind === LATE) return { state: "deadline-exceeded", error: late };
  return { state: "failed", error: told };
}

function taskEndOf({ state, result, error }: OperationRecord): EndOfOperation {
  if (state === "succeeded") return { state, ...result === undefined ? {} : { result } };
  const told = error ?? { name: "Error", message: state };
  if (state === "canceled") return { state, error: told };
  return { state: "failed", error: state === "deadline-exceeded" ? { ...told, kind: LATE } : told };
}
