/**
 * The live tree of a scope, as plain JSON.
 *
 * @module
 */
import * as Flag from "./flags.ts";
import type { ScopeTree } from "./observer.ts";
import type { ScopeNode } from "./scope_node.ts";
import { walk } from "./scope_tree.ts";
import { isA, show } from "./validate.ts";

type Mutable = ScopeTree & { children: ScopeTree[] };

/** The live tree below a node. */
export function toTree(root: ScopeNode): ScopeTree {
  const now = Date.now();
  const built = new Map<ScopeNode | undefined, Mutable>();
  walk(root, (node) => {
    const above = built.get(node.parent);
    // Asking each node for its path would be quadratic in the depth.
    const tree = describe(node, above ? `${above.path}/${node.name}` : node.path, now);
    above?.children.push(tree);
    built.set(node, tree);
    return true;
  });
  return built.get(root) as ScopeTree;
}

function describe(node: ScopeNode, path: string, now: number): Mutable {
  const { name, cancellation, limit } = node;
  const note = node.extras?.note;
  return {
    name,
    path,
    state: !node.task ? node.scopeState : node.taskState,
    age: Math.max(0, now - node.env.since - node.born),
    remaining: !limit ? null : Math.max(0, limit.at - now),
    ...(cancellation && { reason: { ...cancellation.info, message: messageOf(cancellation.reason) } }),
    ...(note && { note }),
    ...(node.is(Flag.DETACHED) && { detached: true }),
    ...(node.is(Flag.SHIELD) && { shield: true }),
    children: [],
  };
}

function messageOf(reason: unknown): string {
  return isA(reason, Error) ? reason.message : show(reason);
}
