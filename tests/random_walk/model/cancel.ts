import { endIfReady, fail, start } from "./life.ts";
import { type Cancellation, type Node, visit } from "./node.ts";
import type { Thrown } from "./thrown.ts";

/** Cancels a scope and all below it but shields. The first one counts (G7). */
export function cancel(origin: Node, kind: string, given?: Thrown): void {
  mark(origin, kind, given)?.();
}

/** Marks the whole subtree; what it returns tells it, parents before children (G7). */
export function mark(
  origin: Node,
  kind: string,
  given?: Thrown,
  cause?: Thrown,
  owner = origin,
): (() => void) | undefined {
  if (origin.cancellation || origin.ending) return undefined;
  const made: Thrown = {
    is: kind === "deadline" ? "DeadlineExceededError" : "CancelReason",
    kind,
    origin: owner.path,
    cause,
  };
  const cancellation: Cancellation = { kind, origin, reason: given ?? made };
  const marked: Node[] = [];
  visit(origin, (node) => {
    if (node.cancellation || (node !== origin && node.as === "shield")) return false;
    node.cancellation = cancellation;
    return marked.push(node) > 0;
  });
  return () => {
    if (kind !== "body-failed" || origin.live.length > 0) tellCancel(cancellation);
    for (const node of marked) react(node, cancellation);
    waitForGrace(origin);
  };
}

function tellCancel({ origin, kind, reason }: Cancellation): void {
  const { settings: { isObserved, tell }, path } = origin;
  if (isObserved) {
    tell({ hook: "onCancel", path, detail: `${reason.kind ?? kind} ${reason.origin ?? path}`, thrown: reason });
  }
}

function react(node: Node, { reason }: Cancellation): void {
  const { agenda } = node.settings;
  if (node.phase === "queued") agenda.later(1, () => start(node)); // to settle without having run
  for (const wait of [...node.waits]) wait.interrupt(reason);
  node.heed?.(reason);
}

/**
 * G9: what has not ended by then is abandoned. Inside a lifetime, grace is cut to nine tenths of what is left of it, and
 * it is never less than a turn of its own.
 */
export function graceOf({ settings: { agenda, grace, end } }: Node): number {
  return Math.max(1, Math.min(grace, 0.9 * (end - agenda.now)));
}

/** The deadline has passed of a scope that is not canceled. */
export function expire(node: Node, owner = node): void {
  if (!node.cancellation) node.isExpired = true;
  mark(node, "deadline", undefined, undefined, owner)?.();
}

function waitForGrace(origin: Node, grace = graceOf(origin)): void {
  const { agenda } = origin.settings;
  agenda.remove(origin.own);
  agenda.remove(origin.grace);
  if (origin.ending || (origin.as === "new" && origin.live.length === 0) || grace === Infinity) return;
  origin.grace = agenda.at(agenda.now + grace, () => abandon(origin));
}

/** A shield has ended: those who outlasted their grace for it get another one. */
export function shieldEnded(parent: Node): void {
  for (let node: Node | undefined = parent; node; node = node.parent) {
    if (!node.isGraceDue) continue;
    node.isGraceDue = false;
    waitForGrace(node);
  }
}

/** Abandons what still runs; a function that may only have waited for what was below gets one turn to end. */
function abandon(origin: Node): void {
  const running: Node[] = [];
  visit(origin, (node) => {
    if (node !== origin && node.as === "shield") return false;
    if (node.phase === "ended" || node.as === "new") return true;
    if (node.hasShields) origin.isGraceDue = true;
    else running.push(node);
    return true;
  });
  const overdue = running.filter((node) => origin.isLastTurn || !running.some((other) => isAbove(node, other)));
  if (overdue.length === 0) return;
  const cause = origin.cancellation?.reason;
  const error: Thrown = { is: "AbandonedTasksError", tasks: overdue.map(({ path }) => path), cause };
  fail(origin, error, "canceled", origin, "body");
  for (const node of overdue) {
    node.isAbandoned = true;
    node.phase = "ended";
    if (node.failures.length === 0) node.failures.push(error);
    const { settings: { isObserved, tell }, path } = node;
    if (isObserved) tell({ hook: "onAbandon", path, thrown: error });
  }
  for (const node of overdue) endIfReady(node);
  if (overdue.length === running.length) return;
  origin.isLastTurn = true;
  waitForGrace(origin, 1);
}

function isAbove(node: Node, other: Node): boolean {
  for (let above = other.parent; above; above = above.parent) if (above === node) return true;
  return false;
}
