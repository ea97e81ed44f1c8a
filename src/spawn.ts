/**
 * Spawning a child: its options, checked before anything starts.
 *
 * @module
 */
import { ScopeCanceledError } from "./errors.ts";
import { type Deadline, parseDeadline } from "./deadline.ts";
import { type ContextBinding, extendValues } from "./context.ts";
import * as Flag from "./flags.ts";
import { ScopeNode } from "./scope_node.ts";
import { announce, channels, keepContext, tell } from "./notify.ts";
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

/**
 * Makes a node that is neither linked nor scheduled.
 *
 * @param parent What it is canceled with; a detached task has none.
 * @param what What was attempted, for messages.
 */
export function makeNode(
  spawner: ScopeNode,
  parent: ScopeNode | undefined,
  fn: (...args: never[]) => unknown,
  { name, context }: SpawnOptions,
  flags: number,
  age: number,
  what: string,
): ScopeNode {
  assertText(name, "name", what);
  const { env } = spawner;
  const values = context === undefined ? spawner.values : extendValues(spawner.values, context, what);
  const node = new ScopeNode(parent, env, flags, name ?? (fn.name || ++env.unnamed), age, values);
  if (watcher) node.mark = spawner.mark;
  node.value = fn;
  node.scope = env.toScope(node);
  return node;
}

const NONE: SpawnOptions = {};

/**
 * Spawns a child.
 *
 * @param what What was attempted, for messages.
 */
export function spawnChild<T>(
  parent: ScopeNode,
  fn: (...args: never[]) => T | PromiseLike<T>,
  options: SpawnOptions = NONE,
  flags: number,
  what: string,
): Task<T> {
  assertFunction(fn, what);
  if (options !== NONE) assertOptions(options, SPAWN_OPTIONS, what);
  const { deadline } = options;
  const isFree = deadline === undefined && !(flags & Flag.SHIELD);
  const { env } = parent;
  let { age } = env;
  let now = 0;
  let at = NaN; // neither before nor after anything
  if (!isFree || age < 0) { // to read the clock costs as much as a spawn, and what it says is an object on the heap
    now = Date.now();
    age = Math.trunc(now - env.since);
    if (!isFree) at = parseDeadline(deadline, now, what);
  }
  const node = makeNode(parent, parent, fn, options, flags, age, what);
  assertOpen(parent, what); // now: a getter among the options may have closed it
  if (node.is(Flag.SHIELD)) node.limit = undefined;
  else assertNotCanceled(parent, what);
  const task = taskOf<T>(node);
  keepContext(node);
  if (at > now) limitTo(node, at, now);
  admit(parent, node);
  env.age = node.is(Flag.QUEUED) ? -1 : age;
  if (announce(node, "onSpawn", channels.onSpawn)) tell(node, "onSpawn", task);
  if (at <= now) limitTo(node, at, now); // too late: settles without having run
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
