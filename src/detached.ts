/**
 * Detached tasks: work that outlives its scope, but never its deadline, its owner or its context values.
 *
 * @module
 */
import { CancelReason, LifetimeLimitError, LifetimeUnavailableError } from "./errors.ts";
import { assertSignal, follow } from "./signals.ts";
import { type Deadline, type HeapEntry, parseDeadline } from "./deadline.ts";
import { captureContext, type ContextBinding, extendValues } from "./context.ts";
import { defaultLifetime, type Lifetime, OWN, type OwningLifetime } from "./lifetime.ts";
import { notify, type ScopeInfo } from "./observer.ts";
import { type Extras, Flag, ScopeNode, toTree } from "./scope_tree.ts";
import { describeCancellation, outcomeOf } from "./outcome.ts";
import { cancel, deadlineError, limitTo, schedule } from "./cancellation.ts";
import { report } from "./failure.ts";
import { assertOpen } from "./lifecycle.ts";
import { Task } from "./task.ts";
import { assertName, assertNumber, assertOneOf, assertOptions } from "./validate.ts";

/** Options of `spawnDetached`. */
export interface DetachedOptions {
  /** When the task must be over. Required, and fresh: the scope's own deadline does not count. */
  readonly deadline: Deadline;
  /**
   * Whether the scope's deadline counts too: the earlier of the two.
   *
   * @default false
   */
  readonly inheritDeadline?: boolean;
  /**
   * What to do if the deadline is later than the lifetime allows: refuse with a `LifetimeLimitError`, or run with the
   * shorter deadline.
   *
   * @default "reject"
   */
  readonly onExceed?: "reject" | "clamp";
  /**
   * How long before the end of the lifetime the task must be over, in milliseconds.
   *
   * @default 1000
   */
  readonly margin?: number;
  /**
   * What people see.
   *
   * @default the name of the function
   */
  readonly name?: string;
  /** Values for the task, on top of those of the scope. */
  readonly context?: readonly ContextBinding[];
}

const OPTIONS = ["deadline", "inheritDeadline", "onExceed", "margin", "name", "context"] as const;
const MARGIN = 1_000;
const POLL = 500; // how often a lifetime's deadline is read again: half a margin
const LONGEST_PREFIX = 200; // of a path: a detached task may spawn the next one for ever

let make: <T>(node: ScopeNode, deadline: Date, clamped: boolean) => DetachedTask<T>;

/**
 * The handle of a detached task. Made by `spawnDetached`.
 *
 * **Guarantees.** Its error goes to whoever awaits the handle at that moment; otherwise exactly once to the observer's
 * `onError`, without one to `console.error`. Awaiting it later still rejects.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TaskScope } from "@taskscope/taskscope";
 *
 * const task = await TaskScope.run((scope) => {
 *   const task = scope.spawnDetached(() => "written", { deadline: { seconds: 20 }, name: "audit" });
 *   return { task };
 * });
 * assertEquals(await task.task, "written");
 * assertEquals(task.task.clamped, false);
 * ```
 */
export class DetachedTask<T> extends Task<T> {
  static {
    make = (node, deadline, clamped) => new DetachedTask(node, deadline, clamped);
  }

  /** When the task must be over. */
  readonly deadline: Date;
  /** Whether the deadline asked for was later than the lifetime allows, and was made shorter. */
  readonly clamped: boolean;

  /** Use `spawnDetached`. */
  protected constructor(node: object, deadline: Date, clamped: boolean) {
    super(node);
    this.deadline = deadline;
    this.clamped = clamped;
  }
}

/**
 * Spawns a task that its scope does not wait for. Either all of it happens, or it throws and nothing has.
 *
 * @param toScope Makes the scope that `fn` receives.
 */
export function spawnDetached<T>(
  spawner: ScopeNode,
  fn: (...args: never[]) => T | PromiseLike<T>,
  options: DetachedOptions,
  toScope: (node: ScopeNode) => ScopeInfo,
): DetachedTask<T> {
  const what = "Cannot spawn a detached task";
  assertOpen(spawner, what);
  assertDetachedOptions(options, what);
  const now = Date.now();
  const asked = earliest(parseDeadline(options.deadline, now, what), options.inheritDeadline, spawner);
  if (asked <= now) {
    throw deadlineError(`${spawner.path}/${options.name ?? fn.name}`, asked);
  }
  const values = extendValues(spawner.values, options.context ?? [], what);
  const { env } = spawner;
  const lifetime = env.lifetime ??= availableLifetime(what);
  const margin = options.margin ?? MARGIN;
  const { closing, end } = readLifetime(lifetime, what);
  const at = fit(asked, now, end - margin, lifetime, options.onExceed, what);

  const label = options.name ?? (fn.name || ++env.detached);
  const node = new ScopeNode(undefined, env, Flag.DETACHED, label, now - env.since);
  node.prefix = shorten(spawner.path);
  node.values = values;
  node.value = fn;
  const extras = node.ensureExtras();
  extras.settled = [];
  hold(lifetime, extras, what); // the last thing that can throw
  limitTo(node, at, now);
  if (closing !== undefined) {
    extras.subscriptions = [
      follow(closing, {
        foreignAborted: ({ reason }) => endOfLifetime(node, reason),
      }),
    ];
  }
  own(lifetime, node, extras, margin);
  extras.settled.push(() => routeError(node));
  node.scope = toScope(node);
  const task = make<T>(node, new Date(at), at < asked);
  node.task = task;
  if (env.observer !== undefined) {
    extras.runner = captureContext();
    notify(env.observer, "onSpawn", undefined, task);
  }
  schedule(node);
  return task;
}

function assertDetachedOptions(options: DetachedOptions, what: string): void {
  const hint = "a deadline is required, for example { deadline: { seconds: 20 } }";
  if (options === undefined) throw new TypeError(`${what}: ${hint}`);
  assertOptions(options, OPTIONS, what);
  if (options.deadline === undefined || options.deadline === null) {
    throw new TypeError(`${what}: ${hint}`);
  }
  assertName(options.name, what);
  if (options.margin !== undefined) assertNumber(options.margin, "margin", what);
  if (options.onExceed !== undefined) assertOneOf(options.onExceed, ["reject", "clamp"], "onExceed", what);
}

function earliest(at: number, inherit: boolean | undefined, spawner: ScopeNode): number {
  return inherit === true && spawner.limit !== undefined ? Math.min(at, spawner.limit.at) : at;
}

function availableLifetime(what: string): Lifetime {
  const lifetime = defaultLifetime();
  if (lifetime !== undefined) return lifetime;
  throw new LifetimeUnavailableError(
    `${what}: nothing keeps it alive here. Give the scope a lifetime: { lifetime: ctx } on Cloudflare, the context ` +
      `or event of the handler elsewhere`,
  );
}

/** What a lifetime says of its end, in milliseconds since 1970; Infinity if that is not known. */
function readLifetime(lifetime: Lifetime, what: string): { closing: AbortSignal | undefined; end: number } {
  const { closing, deadline } = lifetime;
  if (closing === undefined || closing === null) {
    return { closing: undefined, end: momentOf(deadline) };
  }
  assertSignal(closing, `${what}: the lifetime's closing`);
  if (closing.aborted) {
    throw new LifetimeUnavailableError(`${what}: the host is about to end`, {
      cause: closing.reason,
    });
  }
  return { closing, end: momentOf(deadline) };
}

function momentOf(deadline: Date | undefined): number {
  const moment = deadline?.getTime();
  return moment === undefined || Number.isNaN(moment) ? Infinity : moment;
}

function fit(
  asked: number,
  now: number,
  latest: number,
  { source = "lifetime.deadline" }: Lifetime,
  onExceed: "reject" | "clamp" | undefined,
  what: string,
): number {
  if (asked <= latest) return asked;
  if (onExceed === "clamp" && latest > now) return latest;
  const requested = asked - now;
  const available = Math.max(0, latest - now);
  throw new LifetimeLimitError(
    requested,
    available,
    source,
    `${what}: its deadline is ${requested} ms away, but ${source} leaves ${available} ms. Ask for less, or let ` +
      `onExceed: "clamp" shorten it`,
  );
}

function shorten(path: string): string {
  return path.length <= LONGEST_PREFIX ? path : `…${path.slice(-LONGEST_PREFIX)}`;
}

/** Has the lifetime wait for the end of the task, with a promise that always fulfills. */
function hold(lifetime: Lifetime, extras: Extras, what: string): void {
  const held = new Promise<void>((resolve) => extras.settled?.push(resolve));
  try {
    lifetime.waitUntil(held); // called on its object: an unbound one throws "Illegal invocation" on Cloudflare
  } catch (cause) {
    throw new LifetimeUnavailableError(
      `${what}: the lifetime's waitUntil threw. Spawn while the handler runs, or keep the host alive another way`,
      { cause },
    );
  }
}

function own(lifetime: Lifetime, node: ScopeNode, extras: Extras, margin: number): void {
  const owner = lifetime as Partial<OwningLifetime>;
  if (owner[OWN] !== undefined) {
    const task = { tree: () => toTree(node), cancel: (reason: unknown) => cancel(node, "canceled", () => reason) };
    extras.settled?.push(owner[OWN](task));
  } else if ("deadline" in lifetime) {
    const watch = new Watch(node, lifetime, margin);
    watch.due();
    extras.settled?.push(() => node.env.heap.remove(watch));
  }
}

/** Watches a lifetime's deadline that may move while a task runs. */
class Watch implements HeapEntry {
  at = 0;
  index = -1;
  readonly #node: ScopeNode;
  readonly #lifetime: Lifetime;
  readonly #margin: number;

  constructor(node: ScopeNode, lifetime: Lifetime, margin: number) {
    this.#node = node;
    this.#lifetime = lifetime;
    this.#margin = margin;
  }

  due(): void {
    const now = Date.now();
    const latest = momentOf(this.#lifetime.deadline) - this.#margin;
    if (latest >= (this.#node.limit?.at ?? Infinity) && latest <= now + POLL) {
      return; // its own deadline comes first
    }
    if (latest <= now) return endOfLifetime(this.#node, undefined);
    this.at = Math.min(now + POLL, latest);
    this.#node.env.heap.add(this);
  }
}

function endOfLifetime(node: ScopeNode, cause: unknown): void {
  cancel(node, cause instanceof CancelReason ? cause.kind : "lifetime", () => {
    if (cause instanceof CancelReason) return cause;
    const message = `The host of "${node.path}" is about to end`;
    return new CancelReason("lifetime", node.path, message, cause === undefined ? undefined : { cause });
  });
}

/** Sees to it that somebody hears of an error, exactly once. */
function routeError(node: ScopeNode): void {
  if ((node.flags & Flag.OBSERVED) !== 0) return;
  const outcome = outcomeOf(node);
  if (outcome.state === "failed" || outcome.state === "abandoned") return report(node, outcome.error);
  if (outcome.state !== "canceled" || node.cancellation === undefined) return;
  const { kind } = describeCancellation(node.cancellation);
  if (kind === "lifetime" || kind === "shutdown") report(node, outcome.reason); // cut off, and nobody asked for it
}
