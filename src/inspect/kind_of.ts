/**
 * What a node is, for people.
 *
 * @module
 */
import * as Flag from "../flags.ts";
import type { ScopeNode } from "../scope_node.ts";
import type { SpawnKind } from "./events.ts";

/** What kind of node it is, as its events say it. */
export function kindOf(node: ScopeNode): SpawnKind {
  if (node.is(Flag.SHIELD)) return "shield";
  if (node.is(Flag.DETACHED)) return "detached";
  return node.parent ? "task" : "scope";
}
