/**
 * What spans and metrics call a node.
 *
 * @module
 */
import { kindOf } from "../inspect/kind_of.ts";
import type { ScopeNode } from "../scope_node.ts";
import { inert, inertPath } from "./inert.ts";

const LONGEST = 1_024; // of a path: what is above may be thousands of levels

/**
 * What a span and its metrics are called. A task that was given no name has that of its kind: a number of its own would
 * make a name, and a time series, for each.
 */
export function nameOf(node: ScopeNode): string {
  return typeof node.label === "string" ? inert(node.label, 256) : kindOf(node);
}

/** The path of a node, or the end of it. */
export function pathOf(node: ScopeNode): string {
  let path = node.name;
  let { parent, extras } = node;
  for (; parent && path.length <= LONGEST; { parent, extras } = parent) path = `${parent.name}/${path}`;
  const prefix = extras?.prefix;
  return inertPath(prefix ? `${prefix}/${path}` : path);
}
