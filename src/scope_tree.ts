/**
 * The tree of scopes: its links, and how a cancellation is marked on a whole subtree.
 *
 * Invariants:
 * 1. A node is linked under its parent from its spawn until it has settled, and never again (G1).
 * 2. A node is canceled at most once; a whole subtree shares one {@linkcode Cancellation}, except below a shield (G7).
 * 3. Every node of a canceled subtree is marked before any callback runs (G7).
 * 4. spawned = succeeded + failed + canceled + abandoned + running + queued, at every moment (G12).
 * 5. Nothing here recurses: neither the depth nor the width of a tree can overflow the stack.
 *
 * @module
 */
import * as Flag from "./flags.ts";
import type { Cancellation, Nursery, ScopeNode } from "./scope_node.ts";

/** Links a new child under its parent. */
export function link(parent: ScopeNode, nursery: Nursery, child: ScopeNode): void {
  child.previous = nursery.last;
  if (!nursery.last) nursery.first = child;
  else nursery.last.next = child;
  nursery.last = child;
  if (child.is(Flag.SHIELD)) countShields(parent, 1);
}

/** Takes a settled child out of its parent's list; the child still knows its parent, for its path. */
export function unlink(nursery: Nursery, child: ScopeNode): void {
  const { previous, next } = child;
  if (!previous) nursery.first = next;
  else previous.next = next;
  if (!next) nursery.last = previous;
  else next.previous = previous;
  child.previous = child.next = undefined; // invariant 1
}

/** Keeps count of the shields below each node above a shield. */
export function countShields(from: ScopeNode, change: 1 | -1): void {
  for (let node: ScopeNode | undefined = from; node; node = node.parent) node.ensureExtras().shields += change;
}

/**
 * Visits a subtree, parents before children, without recursion (invariant 5).
 *
 * @param enter Called for each node; whether to visit its children.
 */
export function walk(root: ScopeNode, enter: (node: ScopeNode) => boolean): void {
  let node: ScopeNode | undefined = root;
  while (node) {
    let next: ScopeNode | undefined = enter(node) ? node.nursery?.first : undefined;
    while (!next && node && node !== root) {
      next = node.next;
      node = node.parent;
    }
    node = next;
  }
}

/**
 * Marks a subtree as canceled.
 *
 * @returns The nodes that have something to run because of it, parents before children.
 */
export function mark(root: ScopeNode, cancellation: Cancellation): ScopeNode[] {
  const affected: ScopeNode[] = [];
  walk(root, (node) => {
    if (node.cancellation || node.is(Flag.SETTLED)) return false; // invariant 2: marked before, and so is all below it
    if (node !== root && node.is(Flag.SHIELD)) return false;
    node.cancellation = cancellation;
    if (node.extras) affected.push(node);
    return true;
  });
  return affected;
}
