/**
 * The handle of a task that was handed off.
 *
 * @module
 */
import type { TaskScope } from "../task_scope.ts";
import type { CancelAnswer } from "./cancel_task.ts";
import type { TaskEnding } from "./records.ts";

/**
 * The handle of a task that was handed off. It is no promise of the result: `outcome` asks for it. See
 * {@linkcode handoffTo}.
 */
export interface HandedOffTask<Result> {
  /** It does not run in this process, unless a worker of this process takes it. */
  readonly where: "handed-off";
  /** The name of the task. */
  readonly name: string;
  /** The name of the engine. */
  readonly engine: string;
  /** Its idempotency key. */
  readonly key: string;
  /** When it must be over. */
  readonly deadline: Date;
  /**
   * The engine's id of it, once the engine has it for good. Rejects if the engine does not take it, or was not asked
   * because of a `cancel()` right after the call.
   */
  readonly id: Promise<string>;
  /** Resolves once the engine has it for good, and rejects if it does not take it. */
  readonly accepted: Promise<void>;
  /**
   * Cancels it. Before its start always, where the engine can take messages out; during the run by a record that its
   * worker looks for.
   *
   * @param reason What people should read.
   * @returns What became of the wish; see {@linkcode CancelAnswer}.
   * @throws {TypeError} If the engine can do neither.
   */
  cancel(reason?: string): Promise<CancelAnswer>;
  /**
   * How it ended, as its worker has written down.
   *
   * @param scope Waits until it has ended, or the scope is canceled; without one, looks once.
   * @returns The ending, or `undefined` if it has not ended.
   * @throws {TypeError} If the engine has no records.
   * @throws What the records reject with; while it waits, only once they have for 30 seconds.
   */
  outcome(scope: TaskScope): Promise<TaskEnding<Result>>;
  /** As above, but looks once. */
  outcome(scope?: undefined): Promise<TaskEnding<Result> | undefined>;
}
