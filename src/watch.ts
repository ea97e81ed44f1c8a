/**
 * The one place from which everything that happens in this process's scopes can be seen: recorder, tracing, diagnostics
 * and warnings stand on it. Without a watcher it costs a look at a variable.
 *
 * @module
 */
import * as Flag from "./flags.ts";
import type { Observer, Outcome } from "./observer.ts";
import type { Cancellation, ScopeNode } from "./scope_node.ts";
import { outcomeOf } from "./outcome.ts";

/** What can be seen: what an observer is told, and that a root scope was opened. */
export type Sight = keyof Observer | "onOpen";

/**
 * Sees everything. Must not throw, and must not keep a node.
 *
 * Differs from an observer: it sees root scopes, too, with `onOpen` and `onSettle`; and an `onSettle` of a node that was
 * abandoned tells that it ended after all.
 *
 * @param args What an observer is called with, where the node does not show it; for the others {@linkcode endingOf} and
 * {@linkcode causeOf}.
 * @param spawner The mark of the scope that spawned the node; for `onSpawn` only.
 */
export type Watcher = (node: ScopeNode, sight: Sight, args: readonly unknown[], spawner: number) => void;

/** Calls the function of a node, for instance in the async context of a span. */
export type Around = (node: ScopeNode, call: () => unknown) => unknown;

/** All watchers in one, while there is any. */
export let watcher: ((node: ScopeNode, sight: Sight, args?: readonly unknown[]) => void) | undefined;
/** What is put around the functions of nodes, if anything. */
export let around: ((node: ScopeNode, fn: (scope: unknown) => unknown) => unknown) | undefined;

/** Replaced, never changed: what happens while they are told changes nothing for this time. */
let watchers: readonly Watcher[] = [];
/** From the inside out. */
let arounds: readonly Around[] = [];
let marks = 0;
const NOTHING: readonly unknown[] = [];

/**
 * Adds a watcher, a function of its own for each call; from now on, nodes it hears of have a mark of their own.
 *
 * @returns What takes it away again.
 */
export function watch(added: Watcher): () => void {
  setWatchers([...watchers, added]);
  return () => setWatchers(watchers.filter((each) => each !== added));
}

function setWatchers(next: readonly Watcher[]): void {
  watchers = next;
  watcher = next.length > 0 ? see : undefined;
}

/**
 * Puts something around the functions of all nodes; a function of its own for each call.
 *
 * @returns What takes it away again.
 */
export function putAround(put: Around): () => void {
  setArounds([...arounds, put]);
  return () => setArounds(arounds.filter((each) => each !== put));
}

function setArounds(next: readonly Around[]): void {
  arounds = next;
  const all = next.reduce<Around | undefined>(
    (inner, outer) => inner ? (node, call) => outer(node, () => inner(node, call)) : outer,
    undefined,
  );
  around = all && ((node, fn) => all(node, () => fn(node.scope)));
}

function see(node: ScopeNode, sight: Sight, args: readonly unknown[] = NOTHING): void {
  const spawner = node.mark;
  if (sight === "onSpawn" || spawner === 0) {
    for (let first: ScopeNode | undefined = node; first; first = first.parent?.mark === 0 ? first.parent : undefined) {
      first.mark = ++marks;
      if (!first.task) seeEnd(first);
    }
  }
  const told = watchers;
  for (let at = 0; at < told.length; at++) told[at]?.(node, sight, args, spawner);
}

/** A root has no task that an observer could be told of. */
function seeEnd(root: ScopeNode): void {
  root.onSettled(() => {
    if (!root.is(Flag.ABANDONED)) see(root, "onSettle");
  });
}

/** How a node ended, in an `onSettle`. */
export function endingOf(node: ScopeNode, args: readonly unknown[]): Outcome<unknown> {
  return args[1] as Outcome<unknown> | undefined ?? outcomeOf(node);
}

/** Why a node was canceled, in an `onCancel`: its reason and more of it, made when somebody asks. */
export function causeOf(node: ScopeNode): Cancellation {
  return node.cancellation as Cancellation;
}
