/**
 * A task with a name and a schema, so that it need not run where it was asked for.
 *
 * @module
 */
import { retry } from "../combinators/retry.ts";
import type { DetachedOptions } from "../detached.ts";
import { LifetimeLimitError, LifetimeUnavailableError } from "../errors.ts";
import { fieldsOf, type SchemaResult } from "../http/operations/standard_schema.ts";
import type { HandoffTask, TaskScope } from "../task_scope.ts";
import { assertFunction, assertOneOf, assertOptions, isThenable, wrong } from "../validate.ts";
import { LONGEST_NAME } from "./envelope.ts";
import type { HandedOffTask } from "./handed_off_task.ts";
import { checkKey, handOff, type HandoffOptions } from "./handoff.ts";
import { targetOf } from "./handoff_to.ts";
import { InputError, ResultError } from "./refusals.ts";
import { retryOf, type RetrySettings } from "./retry_settings.ts";
import { toJson } from "./serializable.ts";
import type {
  DurableFunction,
  DurableHandle,
  LocalTask,
  SpawnDurableOptions,
  TaskOptions,
  TaskSchema,
} from "./task_options.ts";
import { Steps, type TaskRunScope } from "./task_run.ts";
import { assertSchema, assertTransferables, type Transferable, valuesIn } from "./transferable.ts";

/** The input of a task, checked. */
interface CheckedInput<Output> {
  /** As JSON; `undefined` for undefined. */
  readonly text: string | undefined;
  /** What the schema made of it, in the end. */
  readonly output: Output | Promise<Output>;
}

/** What a worker does with a task. */
export interface TaskInside {
  /** How often it is tried. */
  readonly retry: RetrySettings;
  /** Asks the schema; throws or rejects with an `InputError` if it refuses. */
  parse(input: unknown, what: string): unknown;
  /** Calls the function: the result as JSON, `undefined` for undefined. */
  call(scope: TaskRunScope, input: unknown): Promise<string | undefined>;
}

let inside: (task: AnyDurableTask) => TaskInside;

const TASK_OPTIONS = ["maxAttempts", "minTimeout", "maxTimeout", "multiplier", "jitter", "isRetriable", "context"];

/**
 * A task that need not run here; made by {@linkcode defineTask}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TaskScope } from "@taskscope/taskscope";
 * import { defineTask, type DurableTask } from "@taskscope/taskscope/durable";
 * import { z } from "zod";
 *
 * const half: DurableTask<number, number, number> = defineTask("half", z.number(), (_scope, n) => n / 2);
 * const handle = await TaskScope.run((scope) => {
 *   const { where, name } = scope.spawnDetached(half, 42, { deadline: { seconds: 5 } });
 *   return { where, name };
 * });
 * assertEquals(handle, { where: "local", name: "half" });
 * ```
 */
export class DurableTask<Input, Output, Result>
  implements HandoffTask<Input, SpawnDurableOptions, DurableHandle<Result>, HandoffOptions, HandedOffTask<Result>> {
  static {
    inside = (task) => ({
      retry: task.#retry,
      parse: (input, what) => task.#parse(input, what),
      call: (scope, input) => task.#call(scope, input),
    });
  }

  /** Its name, the same for producers and workers. */
  readonly name: string;
  /** The context values that go along. */
  readonly context: readonly Transferable[];
  /** What checks its input. */
  readonly schema: TaskSchema<Input, Output>;
  readonly #fn: DurableFunction<Output, Result>;
  readonly #retry: RetrySettings;

  /** Use {@linkcode defineTask}. */
  constructor(
    name: string,
    schema: TaskSchema<Input, Output>,
    fn: DurableFunction<Output, Result>,
    options: TaskOptions,
  ) {
    const what = "Cannot define a task";
    if (typeof name !== "string" || name === "" || name.length > LONGEST_NAME) {
      throw wrong(what, `a name of 1 to ${LONGEST_NAME} characters is needed`, name);
    }
    assertSchema(schema, what);
    assertFunction(fn, what);
    assertOptions(options, TASK_OPTIONS, what);
    const { context = [], ...retry } = options;
    assertTransferables(context, what);
    this.name = name;
    this.context = context;
    this.#retry = retryOf(retry, what);
    this.schema = schema;
    this.#fn = fn;
  }

  /**
   * What `scope.spawnDetached(task, input, options)` does.
   *
   * @param scope The scope.
   * @param input What the schema takes, as plain JSON.
   * @param options See {@linkcode SpawnDurableOptions}.
   * @returns The handle; `where` tells whether it runs here.
   * @throws {TypeError} If the input is wrong or not plain JSON, or an option is; nothing was started.
   * @throws What `scope.spawnDetached` throws.
   */
  spawnDetachedIn(scope: TaskScope, input: Input, options: SpawnDurableOptions): DurableHandle<Result> {
    const what = `Cannot spawn the task "${this.name}"`;
    if (typeof options !== "object" || options === null) throw wrong(what, "options must be an object", options);
    const { engine, key = crypto.randomUUID(), onExceed = "reject", ...detached } = options;
    assertOneOf(onExceed, ["reject", "clamp", "handoff"], "onExceed", what);
    checkKey(key, what);
    const checked = this.#check(input, what);
    if (onExceed !== "handoff") return this.#spawn(scope, checked, key, { ...detached, onExceed });
    const { deadline, inheritDeadline, context } = detached;
    const target = targetOf(valuesIn(scope, context), engine, what);
    try {
      return this.#spawn(scope, checked, key, { ...detached, onExceed: "reject" });
    } catch (error) {
      // Too long for the host, or the host is about to end, or keeps nothing alive after its answer.
      if (!(error instanceof LifetimeLimitError || error instanceof LifetimeUnavailableError)) throw error;
      return handOff(scope, this, checked.text, target, { deadline, inheritDeadline, key, context }, what);
    }
  }

  /**
   * What `scope.handoff(task, input, options)` does.
   *
   * @param scope The scope.
   * @param input What the schema takes, as plain JSON.
   * @param options See {@linkcode HandoffOptions}.
   * @returns The handle.
   * @throws {TypeError} If the input is wrong or not plain JSON, or an option is; nothing was handed off.
   * @throws {DeadlineExceededError} If the deadline has passed.
   */
  handOffFrom(scope: TaskScope, input: Input, options: HandoffOptions): HandedOffTask<Result> {
    const what = `Cannot hand off the task "${this.name}"`;
    assertOptions(options, ["deadline", "inheritDeadline", "key", "engine"], what);
    const { engine, key = crypto.randomUUID(), deadline, inheritDeadline } = options;
    checkKey(key, what);
    const { text } = this.#check(input, what);
    const target = targetOf(valuesIn(scope), engine, what);
    return handOff(scope, this, text, target, { deadline, inheritDeadline, key }, what);
  }

  /** Checks an input that is given here: as JSON, and by the schema. */
  #check(input: unknown, what: string): CheckedInput<Output> {
    const text = input === undefined ? undefined : toJson(input, "input", what);
    // What runs here must not see what a worker would not, nor what the caller changes afterwards.
    const output = this.#parse(text === undefined ? undefined : JSON.parse(text), what);
    if (output instanceof Promise) output.catch(() => {}); // told where it runs
    return { text, output };
  }

  /**
   * Asks the schema.
   *
   * @throws {TypeError} If the schema refuses the value; a schema that is asynchronous rejects.
   */
  #parse(input: unknown, what: string): Output | Promise<Output> {
    const take = (checked: SchemaResult<Output>): Output => {
      if (!checked.issues) return checked.value;
      const texts = fieldsOf(checked.issues).slice(0, 5).map(({ field, detail }) => {
        return `${field === "" ? "" : field.startsWith("[") ? "" : "."}${field}: ${detail}`;
      });
      throw new InputError(`${what}: input${texts.join("; input")}`);
    };
    const checked = this.schema["~standard"].validate(input);
    return isThenable(checked) ? Promise.resolve(checked).then(take) : take(checked);
  }

  /**
   * Calls the function, and checks its result.
   *
   * @returns The result as JSON; `undefined` for undefined.
   */
  async #call(scope: TaskRunScope, input: Output): Promise<string | undefined> {
    const result = await this.#fn(scope, input, scope);
    if (result === undefined) return undefined;
    try {
      return toJson(result, "result", `Cannot end the task "${this.name}"`);
    } catch (error) {
      throw new ResultError((error as Error).message);
    }
  }

  #spawn(scope: TaskScope, checked: CheckedInput<Output>, key: string, options: DetachedOptions): LocalTask<Result> {
    const steps = new Steps(key, this.name, undefined);
    const isRetriable = (error: unknown) => !(error instanceof ResultError) && this.#retry.isRetriable(error);
    const run = async (task: TaskScope): Promise<Result> => {
      const output = await checked.output;
      let attempt = 0;
      const text = await retry(task, (each) => this.#call(steps.scopeOf(each, ++attempt), output), {
        ...this.#retry,
        isRetriable,
      });
      return (text === undefined ? undefined : JSON.parse(text)) as Result;
    };
    const task = scope.spawnDetached(run, { name: this.name, ...options });
    return Object.assign(task, { where: "local" as const, key });
  }
}

/** Any task, whatever it takes and gives. See {@linkcode DurableTask}. */
// deno-lint-ignore no-explicit-any -- a task of some input is no task of unknown input
export type AnyDurableTask = DurableTask<any, any, any>;

/** What a worker does with a task. */
export function insideOfTask(task: AnyDurableTask): TaskInside {
  return inside(task);
}
