/**
 * Handing a task to an engine, and its handle on this side.
 *
 * Invariants:
 * 1. Whatever can be seen to be wrong throws before anything has happened.
 * 2. What is given to the engine is held: by the lifetime, or else by the scope. If the engine does not take it, somebody
 *    hears of it: whoever waits for the handle, or else the observer.
 *
 * @module
 */
import { type ContextBinding, type ContextKey, contextKey, type Deadline } from "../../mod.ts";
import {
  DeadlineExceededError,
  LifetimeLimitError,
  LifetimeUnavailableError,
  retry,
  type TaskScope,
} from "../../mod.ts";
import { parseDeadline } from "../deadline.ts";
import { TraceParent } from "../http/trace_parent.ts";
import { assertOptions, wrong } from "../validate.ts";
import { type CancelAnswer, cancelTask } from "./cancel_task.ts";
import type { Engine } from "./engine.ts";
import { seal, VERSION } from "./envelope.ts";
import { readEnding, recordsOf, type TaskEnding } from "./records.ts";
import { assertTransferables, type Transferable, valuesOf } from "./transferable.ts";

/** Options of `scope.handoff(task, input, options)`. */
export interface HandoffOptions {
  /** When the task must be over, wherever it runs. Required. */
  readonly deadline: Deadline;
  /**
   * Whether the scope's deadline counts too: the earlier of the two.
   *
   * @default false
   */
  readonly inheritDeadline?: boolean | undefined;
  /** The idempotency key; by default a random one. Of two with the same key that an engine has, one runs. */
  readonly key?: string | undefined;
  /** The engine, or what `handoffTo` made; by default that of the scope's context. */
  readonly engine?: HandoffTarget | undefined;
}

/** Options of {@linkcode handoffTo}. */
export interface HandoffToOptions {
  /**
   * The context values that go along, made with `transferable`; in addition to those of the task.
   *
   * @default []
   */
  readonly context?: readonly Transferable[] | undefined;
}

/** Where tasks are handed to: an engine, or a binding that {@linkcode handoffTo} made. */
export type HandoffTarget = Engine | ContextBinding;

/** An engine, and what goes along. */
interface Target {
  readonly engine: Engine;
  readonly context: readonly Transferable[];
}

/** The handle of a task that was handed off. It is no promise of the result: `outcome` asks for it. */
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
   * The engine's id of it, once the engine has it for good; rejects if the engine does not take it, or was not asked
   * because of a `cancel()` right after the call.
   */
  readonly id: Promise<string>;
  /** Resolves once the engine has it for good, and rejects if it does not take it. */
  readonly accepted: Promise<void>;
  /**
   * Cancels it: before its start always, where the engine can take messages out; during the run by a record that its worker
   * looks for.
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
   */
  outcome(scope: TaskScope): Promise<TaskEnding<Result>>;
  /** As above, but looks once. */
  outcome(scope?: undefined): Promise<TaskEnding<Result> | undefined>;
}

const HandoffEngine: ContextKey<Target> = contextKey<Target>("handoff");
const LONGEST_KEY = 255;
const ENQUEUE = { milliseconds: 15_000 };
const FIRST_POLL = 10;
const LAST_POLL = 1_000;

/**
 * Says to which engine a scope and everything below it hands tasks.
 *
 * @param engine An engine of `./durable/pg-boss` and so on, or of your own.
 * @param options See {@linkcode HandoffToOptions}.
 * @returns A binding for the `context` option of a scope.
 * @throws {TypeError} If `engine` is none, or an option is unknown or of the wrong type.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TaskScope } from "@taskscope/taskscope";
 * import { defineTask, handoffTo, inProcessEngine, worker } from "@taskscope/taskscope/durable";
 * import { z } from "zod";
 *
 * const double = defineTask("double", z.number(), (_scope, input) => 2 * input);
 * const engine = inProcessEngine();
 * await using _worker = worker([double], engine, { signals: [] });
 *
 * const ending = await TaskScope.run(async (scope) => {
 *   const handle = scope.handoff(double, 21, { deadline: { minutes: 10 } });
 *   return await handle.outcome(scope);
 * }, { context: [handoffTo(engine)] });
 * assertEquals([ending.state, ending.result], ["succeeded", 42]);
 * ```
 */
export function handoffTo(engine: Engine, options: HandoffToOptions = {}): ContextBinding {
  const what = "Cannot hand off";
  assertEngine(engine, what);
  assertOptions(options, ["context"], what);
  const { context = [] } = options;
  assertTransferables(context, what);
  return HandoffEngine.with({ engine, context });
}

/**
 * @throws {TypeError} If it is no engine.
 */
export function assertEngine(engine: unknown, what: string): asserts engine is Engine {
  const { name, enqueue } = Object(engine) as Partial<Engine>;
  if (typeof name !== "string" || typeof enqueue !== "function") throw wrong(what, "an engine is needed", engine);
}

/**
 * The engine that a task of this scope goes to.
 *
 * @throws {TypeError} If there is none.
 */
export function targetOf(scope: TaskScope, given: HandoffTarget | undefined, what: string): Target {
  if (given === undefined) {
    const target = scope.get(HandoffEngine);
    if (target) return target;
    throw new TypeError(`${what}: no engine is known, give it one or the scope context: [handoffTo(engine)]`);
  }
  if ("key" in given && given.key === HandoffEngine as ContextKey<unknown>) return given.value as Target;
  assertEngine(given, what);
  return { engine: given, context: [] };
}

/**
 * @throws {TypeError} If it is no idempotency key.
 */
export function checkKey(key: unknown, what: string): void {
  if (typeof key === "string" && key !== "" && key.length <= LONGEST_KEY && key.isWellFormed()) return;
  throw wrong(what, `a key must be a well-formed string of 1 to ${LONGEST_KEY} characters`, key);
}

/** What of a task is needed to hand it off. */
export interface NamedTask {
  readonly name: string;
  readonly context: readonly Transferable[];
}

/** Of {@linkcode handOff}. */
export interface HandOffSettings extends Pick<HandoffOptions, "deadline" | "inheritDeadline"> {
  readonly key: string;
  /** The id of the operation that it is. */
  readonly operation?: string | undefined;
}

/**
 * Hands a task to an engine.
 *
 * @param text The input as JSON.
 */
export function handOff<Result>(
  scope: TaskScope,
  { name, context }: NamedTask,
  text: string | undefined,
  target: Target,
  { deadline, inheritDeadline = false, key, operation }: HandOffSettings,
  what: string,
): HandedOffTask<Result> {
  const { engine } = target;
  const now = Date.now();
  const asked = Math.floor(parseDeadline(deadline, now, what));
  const at = inheritDeadline ? Math.min(asked, scope.deadline?.getTime() ?? asked) : asked;
  const moment = new Date(at);
  if (at <= now) {
    throw new DeadlineExceededError(scope.path, moment, `${what}: its deadline passed at ${moment.toISOString()}`);
  }
  const own = new Set(context.map(({ name }) => name));
  const values = valuesOf(scope, [...context, ...target.context.filter(({ name }) => !own.has(name))], what);
  const trace = scope.get(TraceParent);
  const body = seal({
    ...{ v: VERSION, task: name, deadline: at, enqueuedAt: now, key, attempt: 1, context: values },
    ...text === undefined ? {} : { input: JSON.parse(text) },
    ...trace ? { traceparent: `00-${trace.traceId}-${trace.parentId}-${hex(trace.flags)}` } : {},
    ...operation === undefined ? {} : { operation },
  }, what);
  const bytes = new TextEncoder().encode(body).length;
  if (bytes > (engine.maxBytes ?? Infinity)) {
    const why = `the message has ${bytes} bytes, ${engine.name} takes at most ${engine.maxBytes}`;
    throw new RangeError(`${what}: ${why}. Store the input elsewhere, and hand off where it is`);
  }
  const enqueue = (each: TaskScope) =>
    retry(each, () => engine.enqueue({ key, body, deadline: moment }), { maxAttempts: 3, minTimeout: 200 });
  const held = hold(scope, enqueue, name);
  let withdrawn: TaskEnding | undefined; // before the engine was asked
  return {
    where: "handed-off",
    ...{ name, key },
    engine: engine.name,
    deadline: moment,
    get id() {
      return held.id();
    },
    get accepted() {
      return held.id().then(() => {});
    },
    async cancel(reason) {
      if (held.cancel()) {
        const error = { name: "AbortError", message: reason ?? "It was asked for", kind: "canceled" };
        withdrawn = {
          state: "canceled",
          id: "",
          task: name,
          key,
          attempt: 0,
          endedAt: new Date().toISOString(),
          error,
        };
        return "removed";
      }
      return await cancelTask(engine, await held.id(), { reason, task: name, key });
    },
    async outcome(waiting?: TaskScope) {
      if (withdrawn) return withdrawn as TaskEnding<Result>;
      const records = recordsOf(engine, `Cannot tell the outcome of "${name}"`);
      const known = await (waiting ? waiting.abortable(held.id()) : held.id());
      for (let delay = FIRST_POLL;; delay = Math.min(2 * delay, LAST_POLL)) {
        const ending = await readEnding(records, known);
        if (ending || !waiting) return ending as TaskEnding<Result>;
        await waiting.sleep(delay);
      }
    },
  };
}

interface Held {
  id(): Promise<string>;
  /** Whether it has not begun, and never will. */
  cancel(): boolean;
}

/** Invariant 2. */
function hold(scope: TaskScope, enqueue: (each: TaskScope) => Promise<string>, name: string): Held {
  let isBegun = false;
  let isCanceled = false;
  const fn = (each: TaskScope) => {
    isBegun = true;
    return enqueue(each);
  };
  const options = { deadline: ENQUEUE, name: `hand off ${name}` };
  const cancel = (cancelIt: () => void) => {
    if (isBegun) return false;
    isCanceled = true;
    cancelIt();
    return true;
  };
  try {
    const task = scope.spawnDetached(fn, { ...options, onExceed: "clamp" });
    return { id: () => task.then(), cancel: () => cancel(() => task.cancel()) };
  } catch (error) {
    const isRefused = error instanceof LifetimeLimitError || error instanceof LifetimeUnavailableError;
    if (!isRefused) throw error;
    // Nothing keeps the host alive after the scope, as on Lambda: then the scope waits for it.
    const shield = scope.shield((each) => isCanceled ? Promise.resolve("") : fn(each), options);
    return { id: () => shield, cancel: () => cancel(() => {}) };
  }
}

function hex(flags: number): string {
  return flags.toString(16).padStart(2, "0");
}
