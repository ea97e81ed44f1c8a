/**
 * What a worker can be told, and what it takes where it is told nothing.
 *
 * @module
 */
import type { Env } from "../http/operations/env.ts";
import { insides } from "../http/operations/inside.ts";
import type { Operations } from "../http/operations/operations.ts";
import { bareError } from "../bare_error.ts";
import { logText } from "../inert_text.ts";
import type { Lifetime } from "../lifetime.ts";
import type { Observer } from "../observer.ts";
import { assertFunction, assertNumber, assertOptions, wrong } from "../validate.ts";
import { type AnyDurableTask, DurableTask } from "./durable_task.ts";
import { KEEP, type TaskEnding } from "./records.ts";
import { assertTransferables, type Transferable } from "./transferable.ts";

/** An attempt that failed and is followed by another. See {@linkcode WorkerOptions}. */
export interface TaskRetry {
  /** The engine's id. */
  readonly id: string;
  /** The name of the task. */
  readonly task: string;
  /** Its idempotency key. */
  readonly key: string;
  /** The number of the attempt that failed. */
  readonly attempt: number;
  /** What it failed with. */
  readonly error: unknown;
  /** The wait before the next one, in milliseconds. */
  readonly delay: number;
}

/** Options of what runs deliveries: {@linkcode Receiver}, and `worker`. */
export interface ReceiverOptions {
  /**
   * How long a delivery is this worker's own without a sign of life, in milliseconds. It is extended three times as often,
   * where the engine can.
   *
   * @default 30 seconds
   */
  readonly lease?: number | undefined;
  /**
   * How long a canceled function may go on, in milliseconds; also that of all scopes below.
   *
   * @default 5 seconds
   */
  readonly taskGrace?: number | undefined;
  /**
   * How often a running task's wish to be canceled is looked for, in milliseconds.
   *
   * @default 1 second
   */
  readonly poll?: number | undefined;
  /**
   * How long the endings of tasks and the values of their steps are kept in the engine's records, in milliseconds. 0
   * keeps no endings: then `outcome` of a handle tells nothing, and a message that comes twice runs twice.
   *
   * @default 24 hours
   */
  readonly keep?: number | undefined;
  /**
   * The longest result that is kept with an ending, in bytes of JSON; a longer one is left out.
   *
   * @default 32 KiB
   */
  readonly maxResult?: number | undefined;
  /**
   * Context values that may come along, in addition to those of the tasks.
   *
   * @default []
   */
  readonly context?: readonly Transferable[] | undefined;
  /** Where the operations are kept that were handed off with `handoffOperation`: on the same store. */
  readonly operations?: Operations | undefined;
  /** What keeps the host alive; by default the process. */
  readonly lifetime?: Lifetime | undefined;
  /** Is told of every scope and task. */
  readonly observer?: Observer | undefined;
  /**
   * Is told how each task ended, once its worker knows.
   *
   * @default those that failed, were dropped or are dead go to console.error
   */
  readonly onEnd?: ((ending: TaskEnding, error: unknown) => void) | undefined;
  /** Is told of each attempt that is followed by another. */
  readonly onRetry?: ((retry: TaskRetry) => void) | undefined;
  /**
   * Is told of errors of the engine and its records.
   *
   * @default console.error
   */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** All of it, with the defaults filled in. */
export interface ReceiverSettings {
  readonly tasks: ReadonlyMap<string, AnyDurableTask>;
  readonly lease: number;
  readonly taskGrace: number;
  readonly poll: number;
  readonly keep: number;
  readonly maxResult: number;
  readonly context: readonly Transferable[];
  readonly lifetime: Lifetime | undefined;
  readonly observer: Observer | undefined;
  readonly operations: Env | undefined;
  onEnd(ending: TaskEnding, error: unknown): void;
  onRetry(retry: TaskRetry): void;
  onError(error: unknown): void;
}

/** The names of the options. */
export const RECEIVER_OPTIONS = [
  ...["lease", "taskGrace", "poll", "keep", "maxResult", "context", "operations", "lifetime", "observer"],
  ...["onEnd", "onRetry", "onError"],
];
const LONGEST = 315_360_000_000; // ten years

/**
 * @throws {TypeError} If an option is unknown or of the wrong type, or two tasks have one name.
 * @throws {RangeError} If a number is out of range.
 */
export function settingsOf(tasks: readonly AnyDurableTask[], options: ReceiverOptions, what: string): ReceiverSettings {
  assertOptions(options, RECEIVER_OPTIONS, what);
  const { lease = 30_000, taskGrace = 5_000, poll = 1_000, keep = KEEP, maxResult = 32_768, context = [] } = options;
  for (const [name, ms] of Object.entries({ lease, poll })) assertNumber(ms, name, what, 1, LONGEST);
  for (const [name, ms] of Object.entries({ taskGrace, keep })) assertNumber(ms, name, what, 0, LONGEST);
  assertNumber(maxResult, "maxResult", what, 0, Infinity);
  assertTransferables(context, what);
  const { lifetime, observer, operations } = options;
  const inside = operations && insides.get(Object(operations));
  if (operations !== undefined && !inside) {
    throw wrong(what, "operations must be made with new Operations()", operations);
  }
  return {
    ...{ tasks: mapOf(tasks, what), lease, taskGrace, poll, keep, maxResult, context, lifetime, observer },
    operations: inside?.env,
    onEnd: guarded(options.onEnd ?? logEnding, "onEnd", what),
    onRetry: guarded(options.onRetry ?? (() => {}), "onRetry", what),
    onError: onErrorOf(options.onError, what),
  };
}

/** What is told of errors, whatever it does itself. */
export function onErrorOf(onError: ReceiverOptions["onError"], what: string): ReceiverSettings["onError"] {
  return guarded(onError ?? logError, "onError", what);
}

function mapOf(tasks: readonly AnyDurableTask[], what: string): Map<string, AnyDurableTask> {
  if (!Array.isArray(tasks)) throw wrong(what, "an array of tasks is needed", tasks);
  const map = new Map<string, AnyDurableTask>();
  for (const task of tasks) {
    if (!(task instanceof DurableTask)) throw wrong(what, "a task of defineTask() is needed", task);
    if (map.has(task.name)) throw wrong(what, "each task needs a name of its own", task.name);
    map.set(task.name, task);
  }
  return map;
}

/** One that throws or rejects must not disturb the work. */
function guarded<Args extends unknown[]>(fn: (...args: Args) => unknown, name: string, what: string) {
  assertFunction(fn, `${what}: ${name}`);
  return (...args: Args): void => {
    const call = async () => await fn(...args);
    call().catch((error) => console.error(`TaskScope: ${name} of a worker failed:`, error));
  };
}

function logEnding({ state, task = "a message", id, attempt }: TaskEnding, error: unknown): void {
  if (state === "succeeded" || state === "canceled") return;
  const told = state === "dead" ? bareError(error) : error; // it may be one of the engine
  console.error(`TaskScope: ${logText(task)} (${logText(id)}) ended as ${state} in attempt ${attempt}:`, told);
}

function logError(error: unknown): void {
  console.error("TaskScope: the engine of a worker failed:", bareError(error));
}
