/**
 * One delivery, from its body to its verdict.
 *
 * Invariants:
 * 1. How a task ended is in the records before the engine is told to forget it: a message that comes again after that does
 *    not run again.
 * 2. What can never be processed is dead at its first delivery, what ends every worker after `maxAttempts`.
 *
 * @module
 */
import { CancelReason, DeadlineExceededError } from "../errors.ts";
import { describe } from "../http/operations/ending.ts";
import { inertText } from "../inert_text.ts";
import type { Outcome } from "../observer.ts";
import type { Task } from "../task.ts";
import { type AnyDurableTask, insideOfTask } from "./durable_task.ts";
import { DeliveryLedger } from "./delivery_ledger.ts";
import type { Delivery, Verdict } from "./engine.ts";
import { type Envelope, unseal } from "./envelope.ts";
import { LATE } from "./operation_run.ts";
import type { TaskEnding } from "./records.ts";
import { InputError, ResultError } from "./refusals.ts";
import { delayAfter } from "./retry_settings.ts";
import { type CallEnv, callTask } from "./task_call.ts";
import { cut, dead, DONE, GIVE_BACK, verdictOf } from "./verdicts.ts";

/** What a run needs of its receiver. */
export interface RunEnv extends CallEnv {
  /** Counts one. */
  count(what: TaskEnding["state"] | "retried" | "repeated"): void;
  /** Whether the worker ends. */
  isClosing(): boolean;
}

/** Why a run was canceled from outside. */
export type CutBy = "asked" | "lost";

const LONGEST = 315_360_000_000; // ten years: what a stranger asks for must be a date, and a time that a store can keep
const FIRST_MISTAKE = 1_000;
const LAST_MISTAKE = 60_000;
const MOST_UNREAD = 10; // attempts

/** One for each delivery. */
export class DeliveryRun {
  readonly #env: RunEnv;
  readonly #delivery: Delivery;
  readonly #ledger: DeliveryLedger;
  readonly #receivedAt = Date.now();
  #envelope: Envelope | undefined;
  #attempt: number;
  #running: Task<unknown> | undefined;
  #cut: { readonly by: CutBy; readonly reason: string } | undefined;

  constructor(env: RunEnv, delivery: Delivery) {
    this.#env = env;
    this.#delivery = delivery;
    this.#attempt = Math.max(1, Math.trunc(delivery.attempt) || 1); // with NaN, it would never be the last one
    const { engine: { records }, settings: { operations, keep, maxResult, onError } } = env;
    this.#ledger = new DeliveryLedger({ id: delivery.id, records, operations, keep, maxResult, onError });
  }

  /** Cancels it from outside; the first one counts. */
  cancel(by: CutBy, reason: string): void {
    if (this.#cut) return;
    this.#cut = { by, reason };
    const { path } = this.#running ?? this.#env.scope;
    this.#running?.cancel(new CancelReason(by === "asked" ? "canceled" : "lifetime", path, reason));
  }

  /** Why somebody wants it canceled, if anybody does. */
  async look(): Promise<string | undefined> {
    return await this.#ledger.look();
  }

  /** Nobody waits for it any more: its worker ends. */
  abandon(): void {
    this.#ledger.abandon();
  }

  /** Does what the delivery asks for. */
  async run(): Promise<Verdict> {
    const { engine: { records }, settings } = this.#env;
    const { id, body } = this.#delivery;
    const [ending, wish] = await this.#ledger.known();
    const read = unseal(body);
    if (ending) return await this.#repeated(ending, read); // invariant 1
    if ("reason" in read) return await this.#dead(read.reason); // invariant 2
    const { envelope } = read;
    this.#envelope = envelope;
    this.#attempt += envelope.attempt - 1;
    const refusal = await this.#open(envelope);
    if (refusal) return await (refusal.state === "dead" ? this.#dead(refusal.reason) : this.#canceled(refusal.reason));
    const { ended } = this.#ledger;
    if (ended) return await this.#end(verdictOf(ended), ended.state, ended, ended.error);
    const task = settings.tasks.get(envelope.task);
    if (!task) {
      const known = [...settings.tasks.keys()].join(", ");
      return await this.#dead(
        `There is no task "${inertText(envelope.task)}" here, the worker knows ${known || "none"}`,
      );
    }
    const unwanted = wish ?? await this.#ledger.unwanted();
    if (unwanted !== undefined) return await this.#canceled(unwanted);
    const now = Date.now();
    const left = this.#left(envelope, now);
    if (left <= 0) return await this.#dropped(-left);
    const { maxAttempts } = insideOfTask(task).retry;
    if (this.#attempt > maxAttempts) {
      return await this.#dead(`It was delivered ${this.#attempt} times, and no worker came back from it`);
    }
    const store = { lease: settings.lease, poll: settings.poll, keep: Math.max(settings.keep, left) };
    await this.#ledger.begin();
    if (this.#env.isClosing()) return GIVE_BACK; // no scope takes it any more
    const outcome = await callTask(this.#env, task, envelope, {
      ...{ attempt: this.#attempt, deadline: new Date(now + left), store: records && { records, ...store } },
      progress: (...how) => this.#ledger.progress(...how),
      onSpawn: (running) => this.#spawned(running),
    });
    if (outcome.state === "succeeded") return await this.#succeeded(outcome.value as string | undefined);
    return await this.#unsuccessful(outcome, task, now + left, id);
  }

  async #open({ operation, task }: Envelope): ReturnType<DeliveryLedger["open"]> {
    return operation === undefined ? undefined : await this.#ledger.open(operation, task);
  }

  /** It has ended before; its operation may not know. */
  async #repeated(ending: TaskEnding, read: ReturnType<typeof unseal>): Promise<Verdict> {
    this.#envelope = "envelope" in read ? read.envelope : undefined;
    if (this.#envelope && !await this.#open(this.#envelope)) await this.#ledger.repeat(ending);
    this.#env.count("repeated");
    return verdictOf(ending);
  }

  #spawned(running: Task<unknown>): void {
    this.#running = running;
    if (this.#cut) running.cancel(new CancelReason("canceled", running.path, this.#cut.reason));
  }

  /**
   * After a mistake here, or of a store that stayed away: while there is time, it is given back after a while, so that no
   * attempt is counted for what its task had no part in. No message is lost for it, and none goes round for ever.
   */
  async afterMistake(error: unknown): Promise<Verdict> {
    const delay = Math.min(FIRST_MISTAKE * 2 ** (this.#attempt - 1), LAST_MISTAKE);
    if (!this.#envelope && this.#attempt < MOST_UNREAD) return { kind: "retry", delay };
    if (this.#envelope && this.#left(this.#envelope, Date.now()) > FIRST_MISTAKE) {
      await this.#ledger.pause(FIRST_MISTAKE);
      return GIVE_BACK;
    }
    const { name, message } = describe(error, false);
    return await this.#dead(`It could not be processed in attempt ${this.#attempt}: ${name}: ${message}`, error);
  }

  /** How much time is left: by the engine's clock, where it tells anything. The producer's may be minutes off. */
  #left({ deadline, enqueuedAt }: Envelope, now: number): number {
    const { waited } = this.#delivery;
    const age = waited === undefined ? now - enqueuedAt : waited + now - this.#receivedAt;
    return Math.min(deadline - enqueuedAt - age, LONGEST);
  }

  async #succeeded(text: string | undefined): Promise<Verdict> {
    const result = text === undefined ? undefined : JSON.parse(text);
    return await this.#end(DONE, "succeeded", { result });
  }

  async #unsuccessful(
    outcome: Exclude<Outcome<unknown>, { state: "succeeded" }>,
    task: AnyDurableTask,
    end: number,
    id: string,
  ): Promise<Verdict> {
    const { settings } = this.#env;
    const error = outcome.state === "canceled" ? outcome.reason : outcome.error;
    if (this.#cut?.by === "asked") return await this.#canceled(this.#cut.reason, error);
    if (this.#cut?.by === "lost") {
      settings.onError(error);
      return { kind: "retry", delay: 0 };
    }
    if (error instanceof InputError) return await this.#dead(error.message, error);
    if (this.#env.isClosing()) return GIVE_BACK;
    const { name } = task;
    const { retry } = insideOfTask(task);
    const attempt = this.#attempt;
    const isLate = error instanceof DeadlineExceededError && Date.now() >= end;
    const isFinal = isLate || error instanceof ResultError ||
      attempt >= retry.maxAttempts ||
      !this.#isRetriable(task, error);
    const delay = delayAfter(attempt, retry);
    if (isFinal || Date.now() + delay >= end) {
      const told = describe(error, false);
      const verdict = dead(`It failed in attempt ${attempt}: ${told.name}: ${told.message}`);
      return await this.#end(verdict, "failed", { error: isLate ? { ...told, kind: LATE } : told }, error);
    }
    this.#env.count("retried");
    settings.onRetry({ id, task: name, key: this.#envelope?.key ?? "", attempt, error, delay });
    return { kind: "retry", delay };
  }

  #isRetriable(task: AnyDurableTask, error: unknown): boolean {
    try {
      return insideOfTask(task).retry.isRetriable(error);
    } catch (thrown) {
      this.#env.settings.onError(thrown);
      return true;
    }
  }

  async #canceled(reason: string, cause?: unknown): Promise<Verdict> {
    const error = new CancelReason("canceled", this.#env.scope.path, reason, { cause });
    return await this.#end(DONE, "canceled", { error: { ...describe(error, false), kind: "canceled" } }, error);
  }

  async #dropped(late: number): Promise<Verdict> {
    const error = new Error(`Its deadline had passed ${Math.round(late)} ms before it could run`);
    return await this.#end(DONE, "dropped", { error: { name: "TimeoutError", message: error.message } }, error);
  }

  async #dead(reason: string, error: unknown = new Error(reason)): Promise<Verdict> {
    return await this.#end(dead(reason), "dead", { error: { name: "Error", message: cut(reason) } }, error);
  }

  /**
   * Invariant 1.
   *
   * @param verdict What the engine is to do, unless another worker was first: then what that one wrote counts.
   */
  async #end(
    verdict: Verdict,
    state: TaskEnding["state"],
    how: Partial<TaskEnding>,
    error?: unknown,
  ): Promise<Verdict> {
    const { settings, count } = this.#env;
    const { task, key } = this.#envelope ?? {};
    const endedAt = new Date().toISOString();
    const given = { state, id: this.#delivery.id, task, key, attempt: this.#attempt, endedAt, ...how };
    const { ending, isOwn, isFirst, isComplete } = await this.#ledger.end(given, error);
    count(isFirst ? ending.state : "repeated");
    if (isFirst) settings.onEnd(ending, isOwn ? error : ending.error);
    if (!isComplete) return { kind: "retry", delay: LAST_MISTAKE }; // then it is brought to its operation, and does not run
    return isOwn ? verdict : verdictOf(ending);
  }
}
