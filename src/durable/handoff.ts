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
import { retry } from "../combinators/retry.ts";
import type { ContextBinding } from "../context.ts";
import { type Deadline, parseDeadline } from "../deadline.ts";
import { CancelReason, DeadlineExceededError, LifetimeLimitError, LifetimeUnavailableError } from "../errors.ts";
import { formatTraceParent, TraceParent } from "../http/trace_parent.ts";
import type { TaskScope } from "../task_scope.ts";
import { wrong } from "../validate.ts";
import { cancelTask } from "./cancel_task.ts";
import { seal, VERSION } from "./envelope.ts";
import type { HandedOffTask } from "./handed_off_task.ts";
import type { HandoffTarget, Target } from "./handoff_to.ts";
import { KEEP, readEnding, recordsOf, type TaskEnding } from "./records.ts";
import { TooLongError } from "./refusals.ts";
import { type Transferable, valuesIn, valuesOf } from "./transferable.ts";

/** Options of `scope.handoff(task, input, options)`. See {@linkcode handoffTo}. */
export interface HandoffOptions {
  /** When the task must be over, wherever it runs. Required. */
  readonly deadline: Deadline;
  /**
   * Whether the scope's deadline counts too: the earlier of the two.
   *
   * @default false
   */
  readonly inheritDeadline?: boolean | undefined;
  /**
   * The idempotency key; by default a random one. Of two with the same key that an engine knows, one runs, also if that one
   * has ended or was canceled, or is of another task: begin it with the name of the task where that could be.
   */
  readonly key?: string | undefined;
  /** The engine, or what `handoffTo` made; by default that of the scope's context. */
  readonly engine?: HandoffTarget | undefined;
}

const LONGEST_KEY = 255;
const ENQUEUE = { milliseconds: 15_000 };
const FIRST_POLL = 10;
const LAST_POLL = 1_000;
const PATIENCE = 30_000; // for records that fail, in milliseconds

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
  /** Values on top of those of the scope. */
  readonly context?: readonly ContextBinding[] | undefined;
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
  { deadline, inheritDeadline = false, key, context: given, operation }: HandOffSettings,
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
  const get = valuesIn(scope, given);
  const values = valuesOf(get, [...context, ...target.context.filter(({ name }) => !own.has(name))], what);
  const trace = get(TraceParent);
  const body = seal({
    ...{ v: VERSION, task: name, deadline: at, enqueuedAt: now, key, attempt: 1, context: values },
    ...text === undefined ? {} : { input: JSON.parse(text) },
    ...trace ? { traceparent: formatTraceParent(trace) } : {},
    ...operation === undefined ? {} : { operation },
  }, what);
  const bytes = new TextEncoder().encode(body).length;
  if (bytes > (engine.maxBytes ?? Infinity)) {
    const why = `the message has ${bytes} bytes, ${engine.name} takes at most ${engine.maxBytes}`;
    throw new TooLongError(`${what}: ${why}. Store the input elsewhere, and hand off where it is`);
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
      const why = reason ?? "It was asked for";
      if (held.cancel(new CancelReason("canceled", scope.path, why))) {
        const error = { name: "AbortError", message: why, kind: "canceled" };
        withdrawn ??= {
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
      return await cancelTask(engine, await held.id(), {
        ...{ reason, task: name, key },
        keep: Math.max(KEEP, at - Date.now() + KEEP),
      });
    },
    async outcome(waiting?: TaskScope) {
      if (withdrawn) return withdrawn as TaskEnding<Result>;
      const records = recordsOf(engine, `Cannot tell the outcome of "${name}"`);
      const known = await (waiting ? waiting.abortable(held.id()) : held.id());
      let failingSince: number | undefined;
      for (let delay = FIRST_POLL;; delay = Math.min(2 * delay, LAST_POLL)) {
        try {
          const ending = await readEnding(records, known);
          if (ending || !waiting) return ending as TaskEnding<Result>;
          failingSince = undefined;
        } catch (error) {
          failingSince ??= Date.now();
          if (!waiting || Date.now() - failingSince >= PATIENCE) throw error;
        }
        await waiting.sleep(delay);
      }
    },
  };
}

interface Held {
  id(): Promise<string>;
  /** Whether it has not begun, and never will. */
  cancel(reason: CancelReason): boolean;
}

/** Invariant 2. */
function hold(scope: TaskScope, enqueue: (each: TaskScope) => Promise<string>, name: string): Held {
  let isBegun = false;
  let canceled: CancelReason | undefined;
  const fn = (each: TaskScope) => {
    isBegun = true;
    return enqueue(each);
  };
  const options = { deadline: ENQUEUE, name: `hand off ${name}` };
  const cancel = (reason: CancelReason) => {
    if (!isBegun) canceled ??= reason;
    return !isBegun;
  };
  try {
    const task = scope.spawnDetached(fn, { ...options, onExceed: "clamp" });
    return {
      id: () => task.then(),
      cancel(reason) {
        const isCanceled = cancel(reason);
        if (isCanceled) task.cancel(canceled);
        return isCanceled;
      },
    };
  } catch (error) {
    const isRefused = error instanceof LifetimeLimitError || error instanceof LifetimeUnavailableError;
    if (!isRefused) throw error;
    // Nothing keeps the host alive after the scope, as on Lambda: then the scope waits for it.
    const shield = scope.shield((each) => canceled ? Promise.resolve("") : fn(each), options);
    const id = (id: string) => {
      if (canceled) throw canceled;
      return id;
    };
    return { id: () => shield.then(id), cancel };
  }
}
