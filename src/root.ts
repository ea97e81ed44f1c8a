/**
 * Opening a root scope: its options, checked before anything starts.
 *
 * @module
 */
import { assertSignal, follow } from "./signals.ts";
import { type Deadline, DeadlineHeap, parseDeadline } from "./deadline.ts";
import { type ContextBinding, extendValues } from "./context.ts";
import { assertLifetime, type Lifetime } from "./lifetime.ts";
import * as Flag from "./flags.ts";
import { assertObserver, type Observer, type ScopeInfo } from "./observer.ts";
import { Nursery, ScopeNode } from "./scope_node.ts";
import { keepContext } from "./notify.ts";
import { limitTo, prepareCancelFor } from "./cancellation.ts";
import { life } from "./abandonment.ts";
import { assertCount, assertNumber, assertOneOf, assertOptions, assertText } from "./validate.ts";
import { watcher } from "./watch.ts";

/**
 * Options of a {@linkcode TaskScope}. `context`, `lifetime`, `observer` and `grace` are handed down to everything below; deadline and
 * cancellation reach it.
 */
export interface TaskScopeOptions {
  /** Cancels the scope when it aborts, for the same reason. An aborted one: nothing starts. */
  readonly signal?: AbortSignal | readonly AbortSignal[] | undefined;
  /** When the scope must be over; the earliest of all deadlines counts (G8). */
  readonly deadline?: Deadline | undefined;
  /**
   * What people see; the first part of every path below.
   *
   * @default "scope", or the name of the function
   */
  readonly name?: string | undefined;
  /** What else people should know; shown in `tree()` and nowhere else. */
  readonly note?: string | undefined;
  /** Values for `scope.get`, made with `key.with(value)`. */
  readonly context?: readonly ContextBinding[] | undefined;
  /**
   * What keeps detached tasks alive: `ctx` on Cloudflare, `context` on Netlify, the event in a service worker.
   *
   * @default the process, on Deno, Bun and Node
   */
  readonly lifetime?: Lifetime | undefined;
  /**
   * What a failing task means for its siblings (G4): they are canceled, or they go on.
   *
   * @default "failFast"
   */
  readonly policy?: "failFast" | "supervise" | undefined;
  /**
   * What a failed scope rejects with (G5): the primary error itself, or always a `ScopeError` with all of them.
   *
   * @default "first"
   */
  readonly errors?: "first" | "aggregate" | undefined;
  /**
   * How many tasks of this scope may run at once; the others wait, first in, first out (G11).
   *
   * @default Infinity
   */
  readonly concurrency?: number | undefined;
  /**
   * How long to wait for tasks that were canceled before they are abandoned, in milliseconds; `Infinity` for ever (G9).
   *
   * @default 5000
   */
  readonly grace?: number | undefined;
  /** Is told what happens here and below. */
  readonly observer?: Observer | undefined;
}

const OPTIONS = [
  "signal",
  "deadline",
  "name",
  "note",
  "context",
  "lifetime",
  "policy",
  "errors",
  "concurrency",
  "grace",
  "observer",
];
const GRACE = 5_000;

/**
 * Opens a root scope.
 *
 * @param fn Gives it its name if the options do not.
 * @param what What was attempted, for messages.
 * @param toScope Makes the scope that a function receives.
 * @param made The scope of this very root, where there is one already.
 */
export function openRoot<Made extends ScopeInfo>(
  options: TaskScopeOptions,
  flags: number,
  fn: { readonly name: string },
  what: string,
  toScope: (node: ScopeNode, made?: Made) => ScopeInfo,
  made?: Made,
): ScopeNode {
  assertOptions(options, OPTIONS, what);
  const { policy = "failFast", errors = "first", concurrency = Infinity, grace = GRACE } = options;
  const { signal = [], deadline, name, note, context = [], lifetime, observer } = options;
  const now = Date.now();
  const signals: readonly AbortSignal[] = Array.isArray(signal) ? signal : [signal];
  for (const each of signals) assertSignal(each, what);
  const at = deadline === undefined ? NaN : parseDeadline(deadline, now, what);
  assertText(name, "name", what);
  assertText(note, "note", what);
  if (lifetime !== undefined) assertLifetime(lifetime, what);
  assertOneOf(policy, ["failFast", "supervise"], "policy", what);
  assertOneOf(errors, ["first", "aggregate"], "errors", what);
  assertCount(concurrency, "concurrency", what);
  assertNumber(grace, "grace", what, 0, Infinity);
  if (observer !== undefined) assertObserver(observer, what);
  const values = extendValues(undefined, context, what);

  const env = { life, toScope, heap: new DeadlineHeap(), observer, grace, lifetime, unnamed: 0, since: now, age: -1 };
  const node = new ScopeNode(undefined, env, flags, name ?? (fn.name || "scope"), 0, values);
  if (policy === "supervise") node.flags |= Flag.SUPERVISE;
  if (errors === "aggregate") node.flags |= Flag.AGGREGATE;
  if (concurrency < Infinity) (node.nursery = new Nursery()).concurrency = concurrency;
  if (note) node.ensureExtras().note = note;
  node.scope = toScope(node, made);
  keepContext(node);
  if (at > now) limitTo(node, at, now); // first: whoever is told of the scope may look at it
  watcher?.(node, "onOpen");
  for (const signal of signals) {
    node.onSettled(follow(signal, ({ reason }) => prepareCancelFor(node, "canceled", reason)));
  }
  if (at <= now) limitTo(node, at, now);
  return node;
}
