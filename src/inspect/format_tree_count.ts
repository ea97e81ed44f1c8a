/**
 * How many scopes and tasks a tree has, and in what states they are.
 *
 * @module
 */
import type { ScopeTree } from "../observer.ts";

const STATES = ["queued", "running", "open", "canceling", "succeeded", "failed", "canceled", "abandoned", "closed"];

/** What was counted. */
export interface Counted {
  total: number;
  readonly states: Map<string, number>;
  /** Canceled, still running, and waiting for nothing below. */
  ignoring: number;
}

/** Counts all that is in some trees. */
export function count(trees: readonly ScopeTree[]): Counted {
  const counted: Counted = { total: 0, states: new Map(), ignoring: 0 };
  const left = [...trees];
  for (let tree = left.pop(); tree; tree = left.pop()) {
    counted.total++;
    counted.states.set(tree.state, (counted.states.get(tree.state) ?? 0) + 1);
    if (tree.reason && tree.state === "running" && tree.children.length === 0) counted.ignoring++;
    for (const child of tree.children) left.push(child);
  }
  return counted;
}

/** What was counted, in words. */
export function sum({ states, ignoring }: Counted): string {
  const known = STATES.flatMap((state) => states.has(state) ? [`${states.get(state)} ${state}`] : []);
  if (ignoring > 0) known.push(`${ignoring} canceled and still running`);
  return known.join(", ");
}
