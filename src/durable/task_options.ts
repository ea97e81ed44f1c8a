/**
 * What a task can be told, and what its spawner is given.
 *
 * @module
 */
import type { RetryOptions } from "../combinators/retry.ts";
import type { DetachedOptions, DetachedTask } from "../detached.ts";
import type { StandardSchema } from "../http/operations/standard_schema.ts";
import type { HandedOffTask } from "./handed_off_task.ts";
import type { HandoffTarget } from "./handoff_to.ts";
import type { TaskRun, TaskRunScope } from "./task_run.ts";
import type { Transferable } from "./transferable.ts";

/** A schema as {@linkcode defineTask} takes it: of any library that follows https://standardschema.dev. */
export interface TaskSchema<Input, Output> extends StandardSchema<Output> {
  /** What the specification keeps apart from the library's own methods. */
  readonly "~standard": StandardSchema<Output>["~standard"] & {
    /** For the compiler only. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/**
 * The function of a durable task. See {@linkcode defineTask}.
 *
 * @param scope Its scope, with the deadline that was asked for; it has what `run` has, too.
 * @param input What the schema made of the input.
 * @param run What is known of this attempt, and `once`.
 * @returns The result, plain JSON or `undefined`.
 */
export type DurableFunction<Output, Result> = (
  scope: TaskRunScope,
  input: Output,
  run: TaskRun,
) => Result | PromiseLike<Result>;

/** Options of {@linkcode defineTask}: how often it is tried, wherever it runs, and what goes along. */
export interface TaskOptions extends RetryOptions {
  /**
   * The context values that go along when it is handed off, made with `transferable`.
   *
   * @default []
   */
  readonly context?: readonly Transferable[] | undefined;
}

/** Options of `scope.spawnDetached(task, input, options)`. See {@linkcode defineTask}. */
export interface SpawnDurableOptions extends Omit<DetachedOptions, "onExceed"> {
  /**
   * What to do if the deadline is later than the lifetime allows. `reject`: throw a `LifetimeLimitError`; `clamp`: run
   * with the shorter deadline; `handoff`: hand it to an engine. The latter also where nothing can keep it alive here,
   * which else is a `LifetimeUnavailableError`.
   *
   * @default "reject"
   */
  readonly onExceed?: "reject" | "clamp" | "handoff" | undefined;
  /** The engine, or what `handoffTo` made; by default that of the scope's context. */
  readonly engine?: HandoffTarget | undefined;
  /** The idempotency key; by default a random one. Of two with the same key that an engine has, one runs. */
  readonly key?: string | undefined;
}

/** The handle of a durable task that runs here: a detached task. See {@linkcode DurableHandle}. */
export type LocalTask<Result> = DetachedTask<Result> & {
  /** It runs in this process. */
  readonly where: "local";
  /** Its idempotency key. */
  readonly key: string;
};

/** What `scope.spawnDetached(task, input, options)` gives: `where` tells which. See {@linkcode defineTask}. */
export type DurableHandle<Result> = LocalTask<Result> | HandedOffTask<Result>;
