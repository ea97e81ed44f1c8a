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
import { CancelReason, DeadlineExceededError, type Outcome, type Task, type TaskScope } from "../../mod.ts";
import { describe } from "../http/operations/ending.ts";
import { parseTraceParent, TraceParent } from "../http/trace_parent.ts";
import { callChild } from "../task_scope.ts";
import { type AnyDurableTask, insideOfTask } from "./define_task.ts";
import { DeliveryLedger } from "./delivery_ledger.ts";
import type { Delivery, Engine, Verdict } from "./engine.ts";
import { type Envelope, unseal } from "./envelope.ts";
import type { ReceiverSettings } from "./receiver_options.ts";
import { recordsOf, type TaskEnding } from "./records.ts";
import { InputError, ResultError } from "./refusals.ts";
import { delayAfter } from "./retry_settings.ts";
import { Steps, type StepStore } from "./task_run.ts";
import { bindingsOf } from "./transferable.ts";
import { cut, dead, DONE, GIVE_BACK, verdictOf } from "./verdicts.ts";

/** What a run needs of its receiver. */
export interface RunEnv {
  readonly engine: Engine;
  readonly settings: ReceiverSettings;
  /** The scope of the worker. */
  readonly scope: TaskScope;
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
    const { engine: { records }, settings: { operations, keep, onError } } = env;
    this.#ledger = new DeliveryLedger({ id: delivery.id, records, operations, keep, onError });
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
    if (ending) {
      this.#env.count("repeated");
      return verdictOf(ending); // invariant 1
    }
    const read = unseal(body);
    if ("reason" in read) return await this.#dead(read.reason); // invariant 2
    const { envelope } = read;
    this.#envelope = envelope;
    this.#attempt += envelope.attempt - 1;
    const refusal = envelope.operation === undefined ? undefined : await this.#ledger.open(envelope.operation);
    if (refusal === "unknown") return await this.#canceled("Its operation is not known any more");
    if (refusal) return await this.#dead("It is an operation, and the worker was not given `operations`");
    const task = settings.tasks.get(envelope.task);
    if (!task) {
      const known = [...settings.tasks.keys()].join(", ");
      return await this.#dead(`There is no task "${envelope.task}" here, the worker knows ${known || "none"}`);
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
    const outcome = await this.#call(task, envelope, new Date(now + left), records && { records, ...store });
    if (outcome.state === "succeeded") return await this.#succeeded(outcome.value as string | undefined);
    return await this.#unsuccessful(outcome, task, now + left, id);
  }

  /**
   * After a mistake here, or a store that stayed away: it is tried again while there is time, whether its task is what
   * makes it fail or not. No message is lost for it, and none goes round for ever.
   */
  async afterMistake(error: unknown): Promise<Verdict> {
    const delay = Math.min(FIRST_MISTAKE * 2 ** (this.#attempt - 1), LAST_MISTAKE);
    const envelope = this.#envelope;
    const isWorthIt = envelope ? this.#left(envelope, Date.now()) > delay : this.#attempt < MOST_UNREAD;
    if (isWorthIt) return { kind: "retry", delay };
    const { name, message } = describe(error, false);
    return await this.#dead(`It could not be processed in attempt ${this.#attempt}: ${name}: ${message}`, error);
  }

  /** How much time is left: by the engine's clock, where it tells anything. The producer's may be minutes off. */
  #left({ deadline, enqueuedAt }: Envelope, now: number): number {
    const { waited } = this.#delivery;
    const age = waited === undefined ? now - enqueuedAt : waited + now - this.#receivedAt;
    return Math.min(deadline - enqueuedAt - age, LONGEST);
  }

  async #call(
    task: AnyDurableTask,
    envelope: Envelope,
    deadline: Date,
    store: StepStore | undefined,
  ): Promise<Outcome<unknown>> {
    const { engine, settings, scope } = this.#env;
    const what = `Cannot run the task "${task.name}"`;
    const noStore = () => recordsOf(engine, `Cannot do a step of "${task.name}" once`) as never;
    const steps = new Steps(envelope.key, task.name, store ?? noStore);
    const { parse, call } = insideOfTask(task);
    let inner: Task<unknown> | undefined;
    // A scope of its own around it: its failure is looked at here, and is none of the worker's.
    const outer = callChild(
      scope,
      (each) => {
        const own = new Set(task.context.map(({ name }) => name));
        const context = bindingsOf(envelope.context, [
          ...task.context,
          ...settings.context.filter(({ name }) => !own.has(name)),
        ]);
        const trace = parseTraceParent(envelope.traceparent ?? null);
        if (trace) context.push(TraceParent.with(trace));
        const run = async (one: TaskScope) => {
          const input = await parse(envelope.input, what);
          return await call(steps.scopeOf(one, this.#attempt, (...how) => this.#ledger.progress(...how)), input);
        };
        inner = each.spawn(run, { name: `attempt ${this.#attempt}`, deadline, context });
        this.#running = inner;
        if (this.#cut) inner.cancel(new CancelReason("canceled", inner.path, this.#cut.reason));
        return inner.outcome;
      },
      task.name,
      what,
    );
    const outcome = await outer.outcome;
    return inner ? await inner.outcome : outcome;
  }

  async #succeeded(text: string | undefined): Promise<Verdict> {
    const { maxResult } = this.#env.settings;
    const isKept = text !== undefined && new TextEncoder().encode(text).length <= maxResult;
    const result = text === undefined ? undefined : JSON.parse(text);
    return await this.#end(DONE, "succeeded", isKept ? { result } : {}, undefined, result);
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
    const isFinal = error instanceof ResultError || isOutOfTime(error, Date.now(), end) ||
      attempt >= retry.maxAttempts ||
      !this.#isRetriable(task, error);
    const delay = delayAfter(attempt, retry);
    if (isFinal || Date.now() + delay >= end) {
      const told = describe(error, false);
      const verdict = dead(`It failed in attempt ${attempt}: ${told.name}: ${told.message}`);
      return await this.#end(verdict, "failed", { error: told }, error);
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
    result?: unknown,
  ): Promise<Verdict> {
    const { settings, count } = this.#env;
    const { task, key } = this.#envelope ?? {};
    const endedAt = new Date().toISOString();
    const ending: TaskEnding = { state, id: this.#delivery.id, task, key, attempt: this.#attempt, endedAt, ...how };
    const other = await this.#ledger.end(ending, result, error);
    count(other ? "repeated" : state);
    if (other) return verdictOf(other);
    settings.onEnd(ending, error);
    return verdict;
  }
}

function isOutOfTime(error: unknown, now: number, end: number): boolean {
  return error instanceof DeadlineExceededError && now >= end;
}
