/**
 * Detached tasks: work that outlives its scope, but never its deadline, its owner or its context values.
 *
 * @module
 */
import { CancelReason, LifetimeLimitError, LifetimeUnavailableError } from "./errors.ts";
import { assertSignal, follow } from "./signals.ts";
import { type Deadline, type HeapEntry, parseDeadline } from "./deadline.ts";
import { endOf, type Lifetime, owners } from "./lifetime.ts";
import { defaultLifetime } from "./process_registry.ts";
import * as Flag from "./flags.ts";
import type { ScopeNode } from "./scope_node.ts";
import { toTree } from "./tree.ts";
import { outcomeOf } from "./outcome.ts";
import { announce, channels, keepContext, tell } from "./notify.ts";
import { cancelFor, deadlineError, limitTo, prepareCancel, schedule } from "./cancellation.ts";
import { report } from "./failure.ts";
import { assertOpen } from "./lifecycle.ts";
import { makeNode, SPAWN_OPTIONS, type SpawnOptions } from "./spawn.ts";
import { Task } from "./task.ts";
import { assertFunction, assertNumber, assertOneOf, assertOptions, isA, isThenable, show } from "./validate.ts";

/** Options of `spawnDetached` of a {@linkcode TaskScope}. */
export interface DetachedOptions extends SpawnOptions {
  /** When the task must be over. Required, and fresh: the scope's own deadline does not count. */
  readonly deadline: Deadline;
  /**
   * Whether the scope's deadline counts too: the earlier of the two.
   *
   * @default false
   */
  readonly inheritDeadline?: boolean | undefined;
  /**
   * What to do if the deadline is later than the lifetime allows. `reject`: throw a `LifetimeLimitError`; `clamp`: run
   * with the shorter deadline.
   *
   * @default "reject"
   */
  readonly onExceed?: "reject" | "clamp" | undefined;
  /**
   * How long before the end of the lifetime the task must be over, in milliseconds.
   *
   * @default 1000
   */
  readonly margin?: number | undefined;
}

const OPTIONS = [...SPAWN_OPTIONS, "inheritDeadline", "onExceed", "margin"];
const MARGIN = 1_000;
const POLL = 500; // how often a lifetime's deadline is read again: half a margin
const LONGEST_PREFIX = 200; // of a path: a detached task may spawn the next one for ever

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
  /** When the task must be over. */
  declare readonly deadline: Date;
  /** Whether the deadline asked for was later than the lifetime allows, and was made shorter. */
  declare readonly clamped: boolean;

  /** Use `spawnDetached`. */
  protected constructor(node: object, deadline: Date, clamped: boolean) {
    super(node);
    this.deadline = deadline;
    this.clamped = clamped;
  }
}

/** From inside, the constructor may be called. */
type Maker<T> = new (node: ScopeNode, deadline: Date, clamped: boolean) => DetachedTask<T>;

/** Spawns a task that its scope does not wait for. Either all of it happens, or it throws and nothing has. */
export function spawnDetached<T>(
  spawner: ScopeNode,
  fn: (...args: never[]) => T | PromiseLike<T>,
  options: Partial<DetachedOptions> = {},
): DetachedTask<T> {
  const what = "Cannot spawn a detached task";
  assertFunction(fn, what);
  assertOptions(options, OPTIONS, what);
  const { deadline, inheritDeadline = false, onExceed, margin = MARGIN } = options;
  const now = Date.now();
  const at = parseDeadline(deadline, now, what);
  const node = makeNode(spawner, undefined, fn, options, Flag.DETACHED, Math.trunc(now - spawner.env.since), what);
  const extras = node.ensureExtras();
  extras.prefix = spawner.path.slice(-LONGEST_PREFIX);
  assertOneOf(inheritDeadline, [false, true], "inheritDeadline", what);
  const asked = inheritDeadline && spawner.limit ? Math.min(at, spawner.limit.at) : at;
  let owner = node;
  if (asked !== at) { for (owner = spawner; owner.parent && !owner.ownLimit;) owner = owner.parent; }
  if (asked <= now) throw deadlineError(owner.path, asked, `${what}: `);
  const { env } = node;
  const lifetime = env.lifetime ??= availableLifetime(what);
  const { closing } = lifetime;
  const latest = latestOf(lifetime, closing, margin, what);
  const fits = Math.min(asked, latest);
  assertFits(fits, asked, now, onExceed, lifetime, what);
  assertOpen(spawner, what); // now: a getter read above may have closed it
  const hold = new Promise<void>((resolve) => node.onSettled(extras.release = resolve));
  try {
    // On its object: an unbound waitUntil throws "Illegal invocation" on Cloudflare.
    const held = lifetime.waitUntil(hold);
    if (isThenable(held)) Promise.resolve(held).catch(() => {}); // an async one that rejects must not end the process
  } catch (cause) {
    throw new LifetimeUnavailableError(`${what}: waitUntil threw (${show(cause)}), spawn it earlier`, { cause });
  }
  limitTo(node, fits, now, fits === asked ? owner : node); // from here on, nothing throws
  if (closing) node.onSettled(follow(closing, ({ reason }) => endOfLifetime(node, reason)));
  watch(node, lifetime, margin);
  node.onSettled(() => routeError(node));
  const task: DetachedTask<T> = new (DetachedTask as unknown as Maker<T>)(node, new Date(fits), fits < asked);
  keepContext(node);
  if (announce(node, "onSpawn", channels.onSpawn)) tell(node, "onSpawn", task);
  schedule(node);
  return task;
}

/** The last moment a lifetime allows, in milliseconds since 1970. */
function latestOf(lifetime: Lifetime, closing: AbortSignal | undefined, margin: number, what: string): number {
  assertNumber(margin, "margin", what);
  if (closing) assertSignal(closing, what);
  if (!closing?.aborted) return endOf(lifetime) - margin;
  throw new LifetimeUnavailableError(`${what}: the host is about to end`, { cause: closing.reason });
}

/**
 * @throws {LifetimeLimitError} If it does not fit, and may or can not be made to.
 */
function assertFits(
  fits: number,
  asked: number,
  now: number,
  onExceed: "reject" | "clamp" = "reject",
  { source = "the lifetime" }: Lifetime,
  what: string,
): void {
  assertOneOf(onExceed, ["reject", "clamp"], "onExceed of a function", what);
  if (fits === asked || (onExceed === "clamp" && fits > now)) return;
  const available = Math.max(0, fits - now);
  const message = `${what}: it asks for ${
    asked - now
  } ms, ${source} leaves ${available} ms. Ask for less, or hand off a task of defineTask`;
  throw new LifetimeLimitError(asked - now, available, source, message);
}

function availableLifetime(what: string): Lifetime {
  const lifetime = defaultLifetime();
  if (lifetime) return lifetime;
  throw new LifetimeUnavailableError(`${what}: nothing keeps it alive here, give the scope a lifetime`);
}

/** Has the lifetime own the task, or else watches over a deadline of the lifetime that may move. */
function watch(node: ScopeNode, lifetime: Lifetime, margin: number): void {
  const own = owners.get(lifetime);
  const { heap } = node.env;
  if (own) {
    const cancel = (reason: unknown) => cancelFor(node, "canceled", reason);
    node.onSettled(own({ tree: () => toTree(node), cancel }));
  } else if ("deadline" in lifetime) {
    let entry: HeapEntry | undefined;
    const look = () => {
      const now = Date.now();
      const latest = endOf(lifetime) - margin;
      if (latest > now) entry = heap.add(Math.min(now + POLL, latest), look);
      // At the very moment of its own deadline, that one counts.
      else if (latest !== node.limit?.at) endOfLifetime(node)?.();
    };
    look();
    node.onSettled(() => heap.remove(entry));
  }
}

/** Prepares to cancel a task because its host is about to end. */
function endOfLifetime(node: ScopeNode, cause?: unknown): (() => void) | undefined {
  if (!node.cancellation) node.flags |= Flag.CUT_OFF;
  return prepareCancel(node, "lifetime", () => {
    if (isA(cause, CancelReason)) return cause;
    return new CancelReason("lifetime", node.path, `The host of "${node.path}" is about to end`, { cause });
  });
}

/** Sees to it that somebody hears of an error, exactly once. */
function routeError(node: ScopeNode): void {
  if (node.is(Flag.OBSERVED)) return;
  const outcome = outcomeOf(node);
  if (outcome.state === "failed" || outcome.state === "abandoned") report(node, outcome.error);
  // Cut off by the host, and nobody asked for it.
  else if (outcome.state === "canceled" && node.is(Flag.CUT_OFF)) report(node, outcome.reason);
}
