/**
 * Spawning a child: its options, checked before anything starts.
 *
 * @module
 */
import { ScopeCanceledError } from "./errors.ts";
import { type Deadline, parseDeadline } from "./deadline.ts";
import { type ContextBinding, extendValues } from "./context.ts";
import * as Flag from "./flags.ts";
import type { ScopeInfo } from "./observer.ts";
import { ScopeNode } from "./scope_node.ts";
import { announce, keepContext, tell } from "./notify.ts";
import { limitTo } from "./cancellation.ts";
import { admit, assertOpen } from "./lifecycle.ts";
import { type Task, taskOf } from "./task.ts";
import { assertFunction, assertOptions, assertText, show } from "./validate.ts";
import { watcher } from "./watch.ts";

/** Options of `spawn` of a {@linkcode TaskScope}. */
export interface SpawnOptions {
  /**
   * What people see.
   *
   * @default the name of the function, or `task-` and a number
   */
  readonly name?: string | undefined;
  /** When the task must be over. Passing it is a failure of the task. */
  readonly deadline?: Deadline | undefined;
  /** Values for the task, on top of those of the scope. */
  readonly context?: readonly ContextBinding[] | undefined;
}

/** Options of `shield` of a {@linkcode TaskScope}. */
export interface ShieldOptions extends SpawnOptions {
  /** When the shielded work must be over. Required: it is the only thing that ends it early. */
  readonly deadline: Deadline;
}

export const SPAWN_OPTIONS: readonly string[] = ["name", "deadline", "context"];

/** A node that is neither linked nor scheduled, with the moment of its own deadline. */
interface Draft {
  readonly node: ScopeNode;
  readonly at: number | undefined;
  readonly now: number;
}

/**
 * Makes a node, but does not admit it.
 *
 * @param parent What it is canceled with; a detached task has none.
 * @param known The options there are.
 * @param toScope Makes the scope that `fn` receives.
 * @param what What was attempted, for messages.
 */
export function draft(
  spawner: ScopeNode,
  parent: ScopeNode | undefined,
  fn: (...args: never[]) => unknown,
  options: SpawnOptions = NONE,
  known: readonly string[],
  flags: number,
  toScope: (node: ScopeNode) => ScopeInfo,
  what: string,
): Draft {
  if (options !== NONE) assertOptions(options, known, what);
  const { name, deadline, context } = options;
  assertText(name, "name", what);
  const { env } = spawner;
  const isFree = deadline === undefined && !(flags & (Flag.SHIELD | Flag.DETACHED));
  const now = isFree && env.now || Date.now(); // reading the clock costs as much as a spawn
  const at = isFree ? undefined : parseDeadline(deadline, now, what);
  const values = context === undefined ? spawner.values : extendValues(spawner.values, context, what);
  const node = new ScopeNode(parent, env, flags, name ?? (fn.name || ++env.unnamed), now - env.since);
  node.values = values;
  if (watcher) node.mark = spawner.mark;
  node.value = fn;
  node.scope = toScope(node);
  return { node, at, now };
}

const NONE: SpawnOptions = {};

/**
 * Spawns a child.
 *
 * @param toScope Makes the scope that `fn` receives.
 * @param what What was attempted, for messages.
 */
export function spawnChild<T>(
  parent: ScopeNode,
  fn: (...args: never[]) => T | PromiseLike<T>,
  options: SpawnOptions | undefined,
  flags: number,
  toScope: (node: ScopeNode) => ScopeInfo,
  what: string,
): Task<T> {
  assertFunction(fn, what);
  const { node, at, now } = draft(parent, parent, fn, options, SPAWN_OPTIONS, flags, toScope, what);
  assertOpen(parent, what); // now: a getter among the options may have closed it
  if (node.is(Flag.SHIELD)) node.limit = undefined;
  else assertNotCanceled(parent, what);
  const task = taskOf<T>(node);
  keepContext(node);
  if (at !== undefined && at > now) limitTo(node, at, now);
  admit(parent, node);
  node.env.now = node.is(Flag.QUEUED) ? 0 : now;
  if (announce(node, "onSpawn")) tell(node, "onSpawn", task);
  if (at !== undefined && at <= now) limitTo(node, at, now); // too late: settles without having run
  return task;
}

/**
 * @throws {ScopeCanceledError} If the scope is canceled.
 */
function assertNotCanceled(node: ScopeNode, what: string): void {
  if (!node.cancellation) return;
  const { reason: cause } = node.cancellation;
  const why = `the scope "${node.path}" is canceled (${show(cause)})`;
  throw new ScopeCanceledError(`${what}: ${why}. Use shield or spawnDetached`, { cause });
}
