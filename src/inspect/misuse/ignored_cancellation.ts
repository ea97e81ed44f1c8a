/**
 * Tasks that still run some time after they were canceled.
 *
 * @module
 */
import * as Flag from "../../flags.ts";
import type { ScopeNode } from "../../scope_node.ts";
import { walk } from "../../scope_tree.ts";
import { ms, quote } from "./text.ts";
import type { Desk, Detector } from "./detector.ts";

/**
 * Looks once, when patience is over. Where grace is shorter, the `AbandonedTasksError` comes first and says it all.
 *
 * The look is one more entry of the scope's own deadlines, beside that of its grace: it needs no timer of its own, ends
 * with the scope, and on workerd belongs to its request. Only where grace is endless does it hold the process for longer
 * than the scope does.
 */
export function ignoredCancellation(desk: Desk): Detector {
  const { patience } = desk;

  function look(origin: ScopeNode): void {
    if (origin.is(Flag.SETTLED) || !origin.cancellation) return;
    const { kind, origin: from } = origin.cancellation.info;
    for (const node of overdueBelow(origin)) {
      const what = node.task ? "task" : "function of the scope";
      const hint = node.extras?.controller || node.extras?.hooks ? "" : ", and has not asked for its signal";
      desk.warn({
        kind: "cancellation-ignored",
        path: node.path,
        place: desk.placeOf(node),
        what: `the ${what} ${quote(node.path)} still runs ${ms(patience)} after it was canceled ` +
          `(${kind}, in ${quote(from)})${hint}`,
        advice: "Give scope.signal to what it calls, or wait with scope.abortable; " +
          "put cleanup that takes longer into scope.shield or scope.defer",
        verb: node.task ? "Spawned" : "Opened",
      });
    }
  }

  function arm(origin: ScopeNode): void {
    if (origin.is(Flag.SETTLED) || (origin.is(Flag.MANUAL) && origin.live === 0)) return;
    const { heap } = origin.env;
    const entry = heap.add(Date.now() + patience, () => look(origin));
    if (origin.is(Flag.SETTLED)) heap.remove(entry); // while Deno loaded its timers, which runs microtasks
    else origin.onSettled(() => heap.remove(entry));
  }

  return {
    see(origin, sight) {
      // In a microtask: what is told now has not been told to those who are canceled.
      if (sight === "onCancel" && origin.env.grace > patience) queueMicrotask(() => arm(origin));
    },
  };
}

/** What runs though it is canceled, and waits for nothing below it that still may: a shield, cleanup, a task. */
function overdueBelow(origin: ScopeNode): ScopeNode[] {
  const running: ScopeNode[] = [];
  const waiting = new Set<ScopeNode>();
  const waitsFor = ({ parent }: ScopeNode) => {
    for (let node = parent; node && !waiting.has(node); node = node.parent) waiting.add(node);
  };
  walk(origin, (node) => {
    const isShield = node !== origin && node.is(Flag.SHIELD);
    if (isShield || node.is(Flag.CLEANING)) waitsFor(node);
    if (isShield) return false;
    if (node.is(Flag.BODY_DONE | Flag.MANUAL | Flag.QUEUED)) return true;
    running.push(node);
    waitsFor(node);
    return true;
  });
  return running.filter((node) => !waiting.has(node));
}
