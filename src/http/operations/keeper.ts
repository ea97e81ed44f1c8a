/**
 * Keeps the record of one operation while its function runs in this process.
 *
 * Invariants:
 * 1. While the function runs, this is the only one in the process that writes its record, one write after the other.
 * 2. Once the record has ended, whoever wrote that, the function is canceled; had it not begun, it never is called.
 * 3. When `run` ends, the record has ended, nothing is listened to, and no timer is left.
 *
 * @module
 */
import type { DetachedTask } from "../../detached.ts";
import { CancelReason } from "../../errors.ts";
import type { Outcome } from "../../observer.ts";
import type { TaskScope } from "../../task_scope.ts";
import { Bell } from "./bell.ts";
import { cancelKey, type Env, recordKey, report, type RunningHere, type Versioned } from "./env.ts";
import { endingOf, type Reported } from "./ending.ts";
import { HeldRecord } from "./held_record.ts";
import { isEnded, type OperationProgress } from "./operation.ts";
import { cancelAsked, ended, type Ending, type OperationRecord, progressed, renewed, started } from "./record.ts";

const HEARTBEATS = 3; // a lease
const PATIENCE = 60_000; // for a store that fails at the end, where the host wants to go, in milliseconds
const MOST_REFUSALS = 3;
const FIRST_RETRY = 100;
const LAST_RETRY = 5_000;

/** One for each operation that runs here. */
export class Keeper implements RunningHere {
  readonly #env: Env;
  readonly #task: DetachedTask<unknown>;
  readonly #bell = new Bell();
  readonly #held: HeldRecord;
  #outcome: Outcome<unknown> | undefined;
  #isStarted = false;
  #isCancelAsked = false;
  #progress: OperationProgress | undefined; // not yet written
  #progressAt = -Infinity; // when progress was written last
  #readAt = Date.now();
  #retryAt = -Infinity; // after the store has failed
  #isStoreDown = false;

  constructor(env: Env, task: DetachedTask<unknown>, current: Versioned) {
    this.#env = env;
    this.#task = task;
    this.#held = new HeldRecord(env, current, (record) => this.#heard(record));
  }

  /** Takes progress; the last one that is not written yet counts. */
  progress(progress: OperationProgress): void {
    if (this.#outcome) return;
    this.#progress = progress;
    this.#bell.ring();
  }

  /** Cancels the function; the record tells that somebody asked for it. */
  cancel(): void {
    this.#isCancelAsked = true;
    this.#task.cancel();
    this.#bell.ring();
  }

  /**
   * Keeps the record until the function has ended, and writes how.
   *
   * @param begin Lets the function be called, a turn of the event loop later and when the store has been told: the answer
   * goes out before the work begins, and what has ended meanwhile does not begin at all.
   * @param keep Until when to try to write the end; once it is canceled, soon.
   */
  async run(begin: () => void, keep: TaskScope): Promise<void> {
    const { hub, running } = this.#env;
    const { id } = this.#held.record;
    running.set(id, this);
    const stop = hub.listen(recordKey(id), () => {
      if (this.#held.isWriting) return;
      this.#readAt = -Infinity;
      this.#bell.ring();
    });
    void this.#task.outcome.then((outcome) => {
      this.#outcome = outcome;
      this.#bell.ring();
    });
    try {
      await new Bell().wait(0);
      this.#isStarted = true;
      await this.#tryStep();
      begin();
      while (!this.#outcome) {
        await this.#bell.wait(this.#untilNext());
        await this.#tryStep();
      }
      await this.#finish(this.#outcome, keep);
    } finally {
      stop();
      running.delete(id); // invariant 3
    }
  }

  /** The time until there is something to do that nobody rings for. */
  #untilNext(): number {
    const { lease, poll, progressInterval } = this.#env.settings;
    const { record } = this.#held;
    if (isEnded(record.state)) return poll; // its function has been canceled, and takes its time
    const at = Math.min(
      this.#readAt + poll,
      record.leaseUntil - lease + lease / HEARTBEATS,
      this.#progress ? this.#progressAt + progressInterval : Infinity,
    );
    return Math.max(1, Math.max(at, this.#retryAt) - Date.now());
  }

  async #tryStep(): Promise<void> {
    if (!this.#outcome) await this.#step().catch((error) => this.#storeFailed(error));
  }

  async #step(): Promise<void> {
    const { lease, poll, progressInterval } = this.#env.settings;
    if (Date.now() < this.#retryAt) return;
    if (Date.now() >= this.#readAt + poll) await this.#look();
    const now = Date.now();
    const { leaseUntil } = this.#held.record;
    const isDue = now >= leaseUntil - lease + lease / HEARTBEATS;
    const progress = now >= this.#progressAt + progressInterval ? this.#progress : undefined;
    const change = (record: OperationRecord) => {
      let next = record;
      if (this.#isStarted) next = started(next, now) ?? next;
      if (this.#isCancelAsked) next = cancelAsked(next, now) ?? next;
      if (progress) next = progressed(next, progress, now) ?? next;
      return next === record && !isDue ? undefined : renewed(next, now + lease);
    };
    const isWritten = await this.#held.write(change);
    this.#isStoreDown = false;
    if (!isWritten || !progress) return;
    this.#progressAt = now;
    if (this.#progress === progress) this.#progress = undefined;
  }

  /** Reads what others wrote: a wish to cancel, or an end. */
  async #look(): Promise<void> {
    const { store } = this.#env.settings;
    this.#readAt = Date.now();
    await this.#held.look();
    if (store.atomic || this.#isCancelAsked) return;
    if (await store.get(cancelKey(this.#held.record.id))) this.cancel();
  }

  /** Another process wrote this. */
  #heard({ state, cancelRequested }: OperationRecord): void {
    if (isEnded(state)) {
      const { path } = this.#task;
      this.#task.cancel(new CancelReason("canceled", path, `Another process wrote that "${path}" is ${state}`));
    } else if (cancelRequested && !this.#isCancelAsked) this.cancel();
  }

  /** Writes how it ended, for as long as there is a chance that the store takes it. */
  async #finish(outcome: Outcome<unknown>, keep: TaskScope): Promise<void> {
    const { settings } = this.#env;
    const impatientAt = Date.now() + PATIENCE;
    let reported = endingOf(outcome, this.#task.path, settings);
    let refused = 0;
    for (let delay = FIRST_RETRY;; delay = Math.min(2 * delay, LAST_RETRY)) {
      try {
        await this.#end(reported);
        if (!settings.store.atomic) await settings.store.delete(cancelKey(this.#held.record.id));
        return;
      } catch (error) {
        this.#storeFailed(error);
        const giveUpAt = keep.signal.aborted ? impatientAt : keep.deadline?.getTime() ?? Infinity;
        if (Date.now() + delay >= giveUpAt) return; // its lease ends: a reader will find it lost
        if (await this.#isRenewed()) refused++;
        // It takes everything but the end: then it must be the result, which may be too large for it.
        if (refused >= MOST_REFUSALS && reported.ending.result !== undefined) {
          reported = endingOf({ state: "failed", error }, this.#task.path, settings);
        }
        await new Bell().wait(delay);
      }
    }
  }

  /** Says that it is alive, while the end cannot be written; whether the store takes that. */
  async #isRenewed(): Promise<boolean> {
    const leaseUntil = Date.now() + this.#env.settings.lease;
    try {
      return await this.#held.write((record) => renewed(record, leaseUntil));
    } catch {
      return false;
    }
  }

  async #end({ ending, error }: Reported): Promise<void> {
    const { ttl } = this.#env.settings;
    const progress = this.#progress; // what was told last, and waited for its turn
    const change = (record: OperationRecord) => {
      const now = Date.now();
      let last = progress ? progressed(record, progress, now) ?? record : record;
      if (this.#isCancelAsked) last = cancelAsked(last, now) ?? last;
      return ended(last, withoutUndefined(ending), now, ttl);
    };
    const isWritten = await this.#held.write(change);
    if (isWritten && error !== undefined) report(this.#env, error, this.#held.record);
  }

  #storeFailed(error: unknown): void {
    this.#retryAt = Date.now() + this.#env.settings.poll;
    if (!this.#isStoreDown) report(this.#env, error);
    this.#isStoreDown = true;
  }
}

function withoutUndefined({ state, result, error }: Ending): Ending {
  return { state, ...result === undefined ? {} : { result }, ...error === undefined ? {} : { error } };
}
