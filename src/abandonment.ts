/**
 * What happens when a canceled scope has not ended within grace (G9): it goes on without what ignored its cancellation.
 *
 * @module
 */
import * as Flag from "./flags.ts";
import type { HeapEntry } from "./deadline.ts";
import type { Extras, Life, ScopeNode } from "./scope_node.ts";
import { walk } from "./scope_tree.ts";
import { infoOf, tellAll } from "./notify.ts";
import { graceOf, waitForGrace } from "./cancellation.ts";
import { fail } from "./failure.ts";
import { abandonedError } from "./cleanup.ts";
import { endIfReady, starter } from "./lifecycle.ts";

/** What heap and scheduler call; every environment has it. */
export const life: Life = { starter, overdue };

function overdue(origin: ScopeNode): void {
  abandonOverdue(origin);
  const extras = origin.extras as Extras;
  if (!extras.release || origin.is(Flag.SETTLED)) return;
  // Cleanup or a shield goes on: the host is held no longer than was said, deadline and grace.
  extras.hold ??= origin.env.heap.add((origin.limit as HeapEntry).at + graceOf(origin), extras.release);
}

/**
 * Goes on without what ignored its cancellation (G9): what waits for nothing below it is abandoned; what may only have
 * waited for that gets a turn to end.
 */
function abandonOverdue(origin: ScopeNode): void {
  const running = new Set<ScopeNode>();
  const waiting = new Set<ScopeNode>(); // for something below
  walk(origin, (node) => {
    if (node !== origin && node.is(Flag.SHIELD)) return false;
    if (node.is(Flag.BODY_DONE | Flag.MANUAL)) return true;
    // One that waits for a shield outlasts grace; its turn comes when the shield has ended.
    if (node.extras?.shields) origin.flags |= Flag.GRACE_DUE;
    else running.add(node);
    return true;
  });
  for (const { parent } of running) {
    for (let node = parent; node && !waiting.has(node); node = node.parent) waiting.add(node);
  }
  const overdue = [...running].filter((node) => origin.is(Flag.LAST_TURN) || !waiting.has(node));
  if (overdue.length === 0) return;
  const error = abandonedError(origin, overdue);
  fail(origin, error, "canceled", origin, "body");
  for (const node of overdue) {
    node.flags |= Flag.ABANDONED | Flag.BODY_DONE;
    node.failures ??= [error];
    tellAll(node, "onAbandon", infoOf(node), error);
  }
  for (const node of overdue) endIfReady(node);
  if (overdue.length === running.size) return;
  origin.flags |= Flag.LAST_TURN;
  waitForGrace(origin, 1);
}
