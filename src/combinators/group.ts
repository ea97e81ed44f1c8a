/**
 * What the combinators share: a group of attempts of which one decides.
 *
 * Each combinator opens a child scope whose failure belongs to the caller, like that of an awaited function; nothing it
 * started outlives it, losers are canceled *and awaited*, at most `grace`.
 *
 * @module
 */
import { CancelReason } from "../errors.ts";
import type { Outcome } from "../observer.ts";
import { reportTask, type Task } from "../task.ts";
import { callChild, pauseIn, type TaskFunction, TaskScope } from "../task_scope.ts";
import { assertFunction, wrong } from "../validate.ts";
import { Completions } from "./as_completed.ts";

/**
 * @throws {TypeError} If `scope` is no scope, as where it was forgotten: what comes after it is then in its place.
 */
export function assertScope(scope: unknown, what: string): void {
  if (!(scope instanceof TaskScope)) throw wrong(what, "a scope comes first", scope);
}

/**
 * @throws {TypeError} If `fns` is not an array of at least one function.
 */
export function assertFunctions(fns: unknown, what: string): void {
  if (!Array.isArray(fns) || fns.length === 0) throw wrong(what, "an array of at least one function is needed", fns);
  for (const fn of fns) assertFunction(fn, what);
}

/** Starts one attempt. */
export function attempt<T>(group: TaskScope, fn: TaskFunction<T>, number: number): Task<T> {
  return callChild(group, fn, fn.name || `attempt-${number}`, "Cannot start an attempt");
}

/**
 * The first attempt that decides, with the others canceled and awaited.
 *
 * @param count How many there are.
 * @param fnAt Each of them, when its turn has come.
 * @param delay How long to wait for what has been started before the next is; 0 starts all at once. In milliseconds.
 * @param decides Whether an outcome is the result; otherwise it takes part in the AggregateError.
 * @throws {AggregateError} If none decides.
 */
export async function firstOf<T>(
  group: TaskScope,
  count: number,
  fnAt: (index: number) => TaskFunction<T>,
  delay: number,
  decides: (outcome: Outcome<T>) => boolean,
): Promise<T> {
  const tasks: Task<T>[] = [];
  const passed = new Set<Task<T>>(); // failed, and decided nothing
  const completions = new Completions<T>();
  while (tasks.length < count || completions.left > 0) {
    for (let more = delay === 0 ? count : 1; more > 0 && tasks.length < count && group.state === "open"; more--) {
      const task = attempt(group, fnAt(tasks.length), tasks.length + 1);
      tasks.push(task);
      completions.add(task);
    }
    const ready = completions.ready();
    const hasMore = tasks.length < count && group.state === "open";
    if (hasMore) await readyWithin(group, delay, ready);
    else await ready;
    const ended = completions.take();
    if (!ended) continue;
    if (group.state === "open" && !decides(ended.outcome)) {
      passed.add(ended.task);
      continue;
    }
    const reason = new CancelReason("canceled", group.path, `Another one was first in "${group.path}"`);
    for (const task of tasks) task.cancel(reason);
    await Promise.all(tasks.map((task) => task.outcome));
    const failed = tasks.filter((task) => task.state === "failed" && task !== ended.task && !passed.has(task));
    // In a canceled scope a failure surfaces, not the cancellation (G6).
    const winner = ended.outcome.state === "canceled" ? failed.shift() ?? ended.task : ended.task;
    for (const loser of failed) reportTask(loser); // no error is lost (G5)
    return winner;
  }
  const errors = await Promise.all(tasks.map((task) => task.catch((error) => error)));
  throw new AggregateError(errors, `All ${tasks.length} attempts failed`);
}

/** Waits until an attempt has ended or it is the next one's turn; in a canceled scope, those that run have to end. */
async function readyWithin(group: TaskScope, delay: number, ready: Promise<void>): Promise<void> {
  const turn = pauseIn(group, delay);
  await Promise.race([ready, turn.over.catch(() => {})]);
  turn.end();
}

/** Whether it succeeded. */
export function isSuccess({ state }: Outcome<unknown>): boolean {
  return state === "succeeded";
}
