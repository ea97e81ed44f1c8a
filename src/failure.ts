/**
 * Failures: how a scope records them, and who hears of the ones that surface nowhere else (G4, G5).
 *
 * @module
 */
import { type CancelKind, CancelReason } from "./errors.ts";
import { type ErrorPhase, notify, type TaskInfo } from "./observer.ts";
import { Flag, type ScopeNode } from "./scope_tree.ts";
import { failureOf } from "./outcome.ts";
import { cancel } from "./cancellation.ts";

/**
 * Records a failure of a scope and then cancels what still runs in it (G4): the first one is the primary, later ones
 * are kept in order and told to the observer (G5).
 *
 * @param from The node the failure came from.
 */
export function fail(node: ScopeNode, error: unknown, kind: CancelKind, from: ScopeNode, phase: ErrorPhase): void {
  if (node.failures === undefined && (node.flags & Flag.EXPIRED) !== 0) node.failures = [node.cancellation?.reason];
  const { failures } = node;
  if (failures === undefined) {
    node.failures = [error];
  } else if (failures.includes(error)) {
    return; // the body passed on the failure of a task
  } else {
    failures.push(error);
    tellError(from, error, phase);
  }
  cancel(node, kind, () => {
    const who = kind === "body-failed" ? "its function" : `"${from.path}"`;
    const message = `The scope "${node.path}" was canceled because ${who} failed`;
    return new CancelReason(kind, node.path, message, { cause: error });
  });
}

/** Tells the observer, if there is one, of an error that surfaces nowhere else. */
export function tellError(from: ScopeNode, error: unknown, phase: ErrorPhase): void {
  const { observer } = from.env;
  if (observer !== undefined) notify(observer, "onError", from.extras?.runner, error, { task: infoOf(from), phase });
}

/** An error that nobody awaits and no scope fails with goes to the observer, else to the console: never silent. */
export function report(node: ScopeNode, error: unknown): void {
  if (node.env.observer?.onError !== undefined) return tellError(node, error, "body");
  const which = (node.flags & Flag.DETACHED) === 0 ? "The task" : "The detached task";
  console.error(`TaskScope: ${which} "${node.name}" (${node.path}) failed and nobody awaits it:`, error);
}

/** Notes that somebody reads how a task ends. */
export function observe(node: ScopeNode): void {
  if ((node.flags & Flag.OBSERVED) !== 0) return;
  node.flags |= Flag.OBSERVED;
  if (node.isSettled) readFailure(node);
}

/** Whoever reads the failure of a task has read that of its scope, if the one is the other or comes from it. */
export function readFailure(child: ScopeNode): void {
  const { parent } = child;
  if (parent === undefined) return;
  const expired = (parent.flags & Flag.EXPIRED) !== 0 ? parent.cancellation?.reason : undefined;
  const primary = parent.failures === undefined ? expired : parent.failures[0];
  if (primary === undefined) return;
  const reason = child.isCut ? child.cancellation?.reason : undefined;
  const isSame = reason === primary || (child.failures !== undefined && failureOf(child) === primary);
  if (isSame || (reason instanceof CancelReason && reason.cause === primary)) parent.flags |= Flag.SEEN;
}

/** What an observer is given of a node: its task, or what a root would say if it were one. */
export function infoOf(node: ScopeNode): TaskInfo {
  return node.task ?? {
    name: node.name,
    path: node.path,
    state: node.taskState,
    late: (node.flags & Flag.LATE) !== 0,
    detached: false,
  };
}
