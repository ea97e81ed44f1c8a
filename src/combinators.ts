/**
 * Combinators: plain functions over a scope, so that a bundler drops what is not used.
 *
 * Each opens a child scope whose failure belongs to the caller, like that of an awaited function, and nothing it started
 * outlives it: losers are canceled *and awaited*, at most `grace`.
 *
 * @module
 */
import { retry as retryFromStd, RetryError } from "@std/async/retry";
import { CancelReason } from "./errors.ts";
import type { Outcome } from "./observer.ts";
import type { Task } from "./task.ts";
import { callChild, type TaskFunction, type TaskScope } from "./task_scope.ts";
import { assertFunction, assertNumber, assertOptions, show } from "./validate.ts";

/** A task that has ended, and how. */
export interface Completed<T> {
  /** The task. */
  readonly task: Task<T>;
  /** How it ended. */
  readonly outcome: Outcome<T>;
}

/** Tasks in the order in which they end; more may be added while waiting. */
class Completions<T> {
  readonly #ended: Completed<T>[] = [];
  #taken = 0;
  #pending = 0;
  #wake: () => void = () => {};

  /** How many have been added but not taken. */
  get left(): number {
    return this.#pending + this.#ended.length - this.#taken;
  }

  add(task: Task<T>): void {
    this.#pending++;
    task.outcome.then((outcome) => {
      this.#pending--;
      this.#ended.push({ task, outcome });
      this.#wake();
    });
  }

  /** Resolves when `take` has something to give. */
  ready(): Promise<void> {
    if (this.#taken < this.#ended.length) return Promise.resolve();
    return new Promise((resolve) => this.#wake = resolve);
  }

  take(): Completed<T> | undefined {
    return this.#taken < this.#ended.length ? this.#ended[this.#taken++] : undefined;
  }
}

/**
 * The first to end decides: its value is the result, its failure is thrown. The others are canceled and awaited.
 *
 * @param scope The scope to run in.
 * @param fns At least one function; each receives a scope of its own.
 * @returns The value of the first to end.
 * @throws {TypeError} If `fns` is not an array of at least one function; at the call.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { race, TaskScope } from "@taskscope/taskscope";
 *
 * const winner = await TaskScope.run((scope) =>
 *   race(scope, [
 *     (task) => task.sleep(60_000).then(() => "slow"),
 *     () => "fast",
 *   ])
 * );
 * assertEquals(winner, "fast");
 * ```
 */
export function race<T>(scope: TaskScope, fns: readonly TaskFunction<T>[]): Promise<T> {
  const what = "Cannot race";
  assertFunctions(fns, what);
  return callChild(
    scope,
    async (group) => {
      const tasks = startAll(group, fns, what);
      const first = await Promise.race(tasks.map((task) => task.outcome));
      await endLosers(group, tasks);
      return valueOf(first);
    },
    "race",
    what,
  );
}

/**
 * The first success wins; failures only count when all have failed. The others are canceled and awaited.
 *
 * @param scope The scope to run in.
 * @param fns At least one function; each receives a scope of its own.
 * @returns The value of the first to succeed.
 * @throws {AggregateError} If all fail; `errors` in the order of `fns`.
 * @throws {TypeError} If `fns` is not an array of at least one function; at the call.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { any, TaskScope } from "@taskscope/taskscope";
 *
 * const value = await TaskScope.run((scope) => any(scope, [() => Promise.reject(new Error("down")), () => "up"]));
 * assertEquals(value, "up");
 * ```
 */
export function any<T>(scope: TaskScope, fns: readonly TaskFunction<T>[]): Promise<T> {
  const what = "Cannot wait for any";
  assertFunctions(fns, what);
  return callChild(scope, (group) => firstSuccess(group, startAll(group, fns, what)), "any", what);
}

async function firstSuccess<T>(group: TaskScope, tasks: readonly Task<T>[]): Promise<T> {
  for await (const { outcome } of asCompleted(tasks)) {
    if (outcome.state === "succeeded" || group.state === "canceling") {
      await endLosers(group, tasks);
      return valueOf(outcome);
    }
  }
  throw await allFailed(tasks);
}

async function allFailed(tasks: readonly Task<unknown>[]): Promise<AggregateError> {
  const outcomes = await Promise.all(tasks.map((task) => task.outcome));
  return new AggregateError(outcomes.map(errorOf), `All ${tasks.length} functions failed`);
}

/** Options of {@linkcode map}. */
export interface MapOptions {
  /**
   * How many items are worked on at once. The source is only asked for the next item when there is a place.
   *
   * @default Infinity
   */
  readonly concurrency?: number;
}

/**
 * Calls a function for each item, and returns the results in the order of the source. The first failure cancels and
 * awaits the others, ends the source and is thrown.
 *
 * @param scope The scope to run in.
 * @param source A sync or async iterable; an async one is asked for one item at a time.
 * @param fn Receives the item, a scope of its own, and the index.
 * @param options See {@linkcode MapOptions}.
 * @returns The results in the order of the source.
 * @throws {TypeError} If `source` is not iterable or `fn` not a function; at the call.
 * @throws {RangeError} If `concurrency` is not a whole number of at least 1, or Infinity; at the call.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { map, TaskScope } from "@taskscope/taskscope";
 *
 * const lengths = await TaskScope.run((scope) =>
 *   map(scope, ["a", "bb", "ccc"], (word) => Promise.resolve(word.length), { concurrency: 2 })
 * );
 * assertEquals(lengths, [1, 2, 3]);
 * ```
 */
export function map<T, R>(
  scope: TaskScope,
  source: Iterable<T> | AsyncIterable<T>,
  fn: (item: T, scope: TaskScope, index: number) => R | PromiseLike<R>,
  options: MapOptions = {},
): Promise<R[]> {
  const what = "Cannot map";
  assertFunction(fn, what);
  assertOptions(options, ["concurrency"], what);
  const { concurrency = Infinity } = options;
  assertNumber(concurrency, "concurrency", what, {
    least: 1,
    infinite: true,
    integer: true,
  });
  const isIterable = source !== null && source !== undefined &&
    (Symbol.iterator in Object(source) ||
      Symbol.asyncIterator in Object(source));
  if (!isIterable) {
    throw new TypeError(`${what}: the source must be an iterable, got ${show(source)}`);
  }
  return callChild(scope, (group) => mapAll(group, source, fn, concurrency), "map", what);
}

async function mapAll<T, R>(
  group: TaskScope,
  source: Iterable<T> | AsyncIterable<T>,
  fn: (item: T, scope: TaskScope, index: number) => R | PromiseLike<R>,
  concurrency: number,
): Promise<R[]> {
  const results: R[] = [];
  let running = 0;
  let free: (() => void) | undefined;
  const ended = () => {
    running--;
    free?.();
  };
  let index = 0;
  for await (const item of inside(group, source)) {
    const at = index++;
    running++;
    const task = group.spawn((task) => fn(item, task, at));
    task.then((result) => {
      results[at] = result;
      ended();
    }, ended); // the group has the failure
    if (running >= concurrency) await group.abortable(new Promise<void>((resolve) => free = resolve));
  }
  await group.join();
  return results;
}

/** The items of a source, until the scope is canceled; then the source is told that it is not needed any more. */
async function* inside<T>(scope: TaskScope, source: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  if (!(Symbol.asyncIterator in Object(source))) return yield* source as Iterable<T>;
  const iterator = (source as AsyncIterable<T>)[Symbol.asyncIterator]();
  let asked: Promise<IteratorResult<T>> | undefined;
  try {
    while (true) {
      asked = Promise.resolve(iterator.next());
      const result = await scope.abortable(asked);
      asked = undefined;
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    const returned = iterator.return?.();
    // A generator that hangs in `next` would hang in `return`, too.
    if (asked === undefined) await returned;
    else returned?.then(undefined, () => {});
  }
}

/**
 * The tasks in the order in which they end.
 *
 * @param tasks Tasks of any scope; reading them counts as awaiting them.
 * @returns Each task with its outcome, once.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { asCompleted, TaskScope } from "@taskscope/taskscope";
 *
 * const order: string[] = [];
 * await TaskScope.run(async (scope) => {
 *   const slow = scope.spawn((task) => task.sleep(20), { name: "slow" });
 *   const fast = scope.spawn(() => {}, { name: "fast" });
 *   for await (const { task } of asCompleted([slow, fast])) order.push(task.name);
 * });
 * assertEquals(order, ["fast", "slow"]);
 * ```
 */
export async function* asCompleted<T>(tasks: Iterable<Task<T>>): AsyncGenerator<Completed<T>, void, void> {
  const completions = new Completions<T>();
  for (const task of tasks) completions.add(task);
  while (completions.left > 0) {
    await completions.ready();
    const completed = completions.take();
    if (completed !== undefined) yield completed;
  }
}

/** Options of {@linkcode retry}, as those of `retry` of `@std/async`. */
export interface RetryOptions {
  /**
   * How often to try in all.
   *
   * @default 5
   */
  readonly maxAttempts?: number;
  /**
   * The wait before the second attempt, in milliseconds.
   *
   * @default 1000
   */
  readonly minTimeout?: number;
  /**
   * The longest wait between two attempts, in milliseconds.
   *
   * @default 60000
   */
  readonly maxTimeout?: number;
  /**
   * By how much each wait is longer than the last.
   *
   * @default 2
   */
  readonly multiplier?: number;
  /**
   * How much of each wait is random, from 0 (none) to 1.
   *
   * @default 1
   */
  readonly jitter?: number;
  /** Whether an error is worth another attempt; by default every one is. */
  readonly isRetriable?: (error: unknown) => boolean;
}

const RETRY_OPTIONS = ["maxAttempts", "minTimeout", "maxTimeout", "multiplier", "jitter", "isRetriable"] as const;

/**
 * Tries until it succeeds, with exponential backoff and jitter (that of `@std/async`). Each attempt has a scope of its
 * own and has fully ended before the next begins. Cancellation ends the waiting at once.
 *
 * @param scope The scope to run in.
 * @param fn Receives a scope of its own.
 * @param options See {@linkcode RetryOptions}.
 * @returns The value of the attempt that succeeded.
 * @throws The error of the last attempt, itself.
 * @throws {TypeError} If `fn` is not a function or an option is unknown; at the call.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { retry, TaskScope } from "@taskscope/taskscope";
 *
 * let attempts = 0;
 * const value = await TaskScope.run((scope) =>
 *   retry(scope, () => ++attempts < 3 ? Promise.reject(new Error("busy")) : "done", { minTimeout: 1 })
 * );
 * assertEquals([value, attempts], ["done", 3]);
 * ```
 */
export function retry<T>(scope: TaskScope, fn: TaskFunction<T>, options: RetryOptions = {}): Promise<T> {
  const what = "Cannot retry";
  assertFunction(fn, what);
  assertOptions(options, RETRY_OPTIONS, what);
  const { isRetriable = () => true } = options;
  return callChild(
    scope,
    async (group) => {
      try {
        return await retryFromStd(
          async () => await callChild(group, fn, fn.name || "attempt", what),
          {
            ...options,
            signal: group.signal,
            isRetriable: (error) => group.state === "open" && isRetriable(error),
          },
        );
      } catch (error) {
        throw error instanceof RetryError ? error.cause : error;
      }
    },
    "retry",
    what,
  );
}

/** Options of {@linkcode hedge}. */
export interface HedgeOptions {
  /** How long to wait for an attempt before another one is started beside it, in milliseconds. */
  readonly delay: number;
  /**
   * How many attempts there may be in all.
   *
   * @default 2
   */
  readonly attempts?: number;
}

/**
 * Starts the work again beside itself when it is slow, and takes the first success ("The Tail at Scale", Dean and
 * Barroso). An attempt that fails is replaced at once. The others are canceled and awaited.
 *
 * @param scope The scope to run in.
 * @param fn Must be safe to run more than once; receives a scope of its own.
 * @param options See {@linkcode HedgeOptions}.
 * @returns The value of the first attempt to succeed.
 * @throws {AggregateError} If all attempts fail; `errors` in the order they were started.
 * @throws {TypeError} If `fn` is not a function or an option is of the wrong type; at the call.
 * @throws {RangeError} If `delay` or `attempts` is out of range; at the call.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { hedge, TaskScope } from "@taskscope/taskscope";
 *
 * let attempts = 0;
 * const value = await TaskScope.run((scope) =>
 *   hedge(scope, async (task) => {
 *     if (++attempts === 1) await task.sleep(60_000); // the slow one
 *     return "answer";
 *   }, { delay: 5 })
 * );
 * assertEquals([value, attempts], ["answer", 2]);
 * ```
 */
export function hedge<T>(scope: TaskScope, fn: TaskFunction<T>, options: HedgeOptions): Promise<T> {
  const what = "Cannot hedge";
  assertFunction(fn, what);
  assertOptions(options, ["delay", "attempts"], what);
  const { delay, attempts = 2 } = options;
  assertNumber(delay, "delay", what);
  assertNumber(attempts, "attempts", what, { least: 1, integer: true });
  return callChild(
    scope,
    async (group) => {
      const tasks: Task<T>[] = [];
      const completions = new Completions<T>();
      while (tasks.length < attempts || completions.left > 0) {
        if (tasks.length < attempts) {
          const task = callChild(group, fn, `attempt-${tasks.length + 1}`, what);
          tasks.push(task);
          completions.add(task);
        }
        const isLast = tasks.length === attempts;
        await (isLast ? completions.ready() : Promise.race([completions.ready(), group.sleep(delay)]));
        const outcome = completions.take()?.outcome;
        if (
          outcome !== undefined &&
          (outcome.state === "succeeded" || group.state === "canceling")
        ) {
          await endLosers(group, tasks);
          return valueOf(outcome);
        }
      }
      throw await allFailed(tasks);
    },
    "hedge",
    what,
  );
}

function assertFunctions(fns: unknown, what: string): void {
  if (!Array.isArray(fns) || fns.length === 0) {
    throw new TypeError(`${what}: an array of at least one function is needed, got ${show(fns)}`);
  }
  for (const fn of fns) assertFunction(fn, what);
}

function startAll<T>(group: TaskScope, fns: readonly TaskFunction<T>[], what: string): Task<T>[] {
  return fns.map((fn, index) => callChild(group, fn, fn.name || `task-${index + 1}`, what));
}

async function endLosers(group: TaskScope, tasks: readonly Task<unknown>[]): Promise<void> {
  let reason: CancelReason | undefined;
  for (const task of tasks) {
    if (task.state !== "running") continue;
    task.cancel(reason ??= new CancelReason("canceled", group.path, `Another one was first in "${group.path}"`));
  }
  if (reason !== undefined) await Promise.all(tasks.map((task) => task.outcome));
}

function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.state === "succeeded") return outcome.value;
  throw errorOf(outcome);
}

function errorOf(outcome: Outcome<unknown>): unknown {
  switch (outcome.state) {
    case "succeeded":
      return undefined;
    case "canceled":
      return outcome.reason;
    default:
      return outcome.error;
  }
}
