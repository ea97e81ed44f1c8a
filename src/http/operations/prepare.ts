/**
 * The detached task of an operation that has not begun yet.
 *
 * @module
 */
import type { DetachedOptions, DetachedTask } from "../../detached.ts";
import type { TaskScope } from "../../task_scope.ts";
import { assertNumber, wrong } from "../../validate.ts";
import type { Keeper } from "./keeper.ts";
import { toProgress } from "./progress.ts";

/**
 * Tells how far an operation is. See {@linkcode OperationFunction}.
 *
 * @param fraction From 0 to 1; what is beyond is taken as the nearer of the two.
 * @param message What it does now.
 */
export type ReportProgress = (fraction: number, message?: string) => void;

/** The function of an operation. What it returns, as JSON, is the result. See {@linkcode Operations}. */
export type OperationFunction<Output, Result> = (
  task: TaskScope,
  input: Output,
  progress: ReportProgress,
) => Result | PromiseLike<Result>;

/** A task that waits to begin. */
export interface Prepared {
  readonly task: DetachedTask<unknown>;
  /** Says who keeps its record; needed before `open`. */
  connect(keeper: Keeper): void;
  /** Lets its function be called. */
  open(): void;
}

/**
 * Spawns the task. Its function waits for `open`.
 *
 * @throws What `spawnDetached` throws.
 */
export function prepare<Output, Result>(
  scope: TaskScope,
  options: DetachedOptions,
  fn: OperationFunction<Output, Result>,
  input: Output,
): Prepared {
  const gate = Promise.withResolvers<void>();
  let keeper: Keeper | undefined;
  const progress = progressOf(() => keeper);
  const task = scope.spawnDetached(async (task): Promise<unknown> => {
    await task.abortable(gate.promise);
    return await fn(task, input, progress);
  }, options);
  return { task, connect: (given) => void (keeper = given), open: gate.resolve };
}

function progressOf(keeper: () => Keeper | undefined): ReportProgress {
  return (fraction, message) => {
    const what = "Cannot report progress";
    assertNumber(fraction, "fraction", what, -Infinity, Infinity);
    if (message !== undefined && typeof message !== "string") throw wrong(what, "message must be a string", message);
    keeper()?.progress(toProgress(fraction, message));
  };
}
