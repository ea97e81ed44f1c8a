/**
 * One call of a task by a worker: its input, its context values, and its scope.
 *
 * @module
 */
import { parseTraceParent, TraceParent } from "../http/trace_parent.ts";
import type { Outcome } from "../observer.ts";
import type { Task } from "../task.ts";
import { callChild, type TaskScope } from "../task_scope.ts";
import { type AnyDurableTask, insideOfTask } from "./durable_task.ts";
import type { Engine } from "./engine.ts";
import type { Envelope } from "./envelope.ts";
import type { ReceiverSettings } from "./receiver_options.ts";
import { recordsOf } from "./records.ts";
import { Steps, type StepStore, type TaskRun } from "./task_run.ts";
import { bindingsOf } from "./transferable.ts";

/** Where a task is called. */
export interface CallEnv {
  readonly engine: Engine;
  readonly settings: ReceiverSettings;
  /** The scope of the worker. */
  readonly scope: TaskScope;
}

/** What is known of a call. */
export interface TaskCall {
  readonly attempt: number;
  readonly deadline: Date;
  /** Where the values of steps are kept, if there is a place. */
  readonly store: StepStore | undefined;
  readonly progress: TaskRun["progress"];
  /** Is told before the function is called. */
  onSpawn(running: Task<unknown>): void;
}

/**
 * Calls a task in a scope below that of the worker, with what its envelope says.
 *
 * @returns How that went; its value is the result as JSON.
 */
export async function callTask(
  { engine, settings, scope }: CallEnv,
  task: AnyDurableTask,
  envelope: Envelope,
  { attempt, deadline, store, progress, onSpawn }: TaskCall,
): Promise<Outcome<unknown>> {
  const what = `Cannot run the task "${task.name}"`;
  const noStore = () => recordsOf(engine, `Cannot do a step of "${task.name}" once`) as never;
  const steps = new Steps(envelope.key, task.name, store ?? noStore);
  const { parse, call } = insideOfTask(task);
  let inner: Task<unknown> | undefined;
  // A scope of its own around it: its failure is looked at by the caller, and is none of the worker's.
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
        return await call(steps.scopeOf(one, attempt, progress), input);
      };
      inner = each.spawn(run, { name: `attempt ${attempt}`, deadline, context });
      onSpawn(inner);
      return inner.outcome;
    },
    task.name,
    what,
  );
  const outcome = await outer.outcome;
  return inner ? await inner.outcome : outcome;
}
