/**
 * Failures: how a scope records them, and who hears of the ones that surface nowhere else (G4, G5).
 *
 * @module
 */
import { type CancelKind, CancelReason, ScopeClosedError, ScopeError } from "./errors.ts";
import * as Flag from "./flags.ts";
import type { ErrorPhase } from "./observer.ts";
import type { ScopeNode } from "./scope_node.ts";
import { failureOf, isCancellation } from "./outcome.ts";
import { infoOf, tellAll } from "./notify.ts";
import { prepareCancel } from "./cancellation.ts";
import { isA } from "./validate.ts";

/** Whether an error that comes when all is over is neither cancellation nor a failure that surfaces anyway. */
export function isNews(cancellation: Ended, error: unknown): boolean {
  return !isCancellation(cancellation, error) && !cancellation.origin?.failures?.includes(error);
}

/** What is left of a cancellation. */
interface Ended {
  readonly reason: unknown;
  readonly origin: ScopeNode | undefined;
}

/**
 * Records a failure of a scope and then cancels what still runs in it (G4): the first one is the primary, later ones
 * are kept in order and told to the observer (G5).
 *
 * @param from The node the failure came from.
 */
export function fail(node: ScopeNode, error: unknown, kind: CancelKind, from: ScopeNode, phase: ErrorPhase): void {
  if (!node.failures && node.is(Flag.EXPIRED)) node.failures = [node.cancellation?.reason];
  const { failures } = node;
  if (!failures) {
    node.failures = [error];
  } else {
    if (isPassedOn(node, failures, error, from)) return;
    failures.push(error);
    // Whoever awaits the task has it, and a function that wraps the primary failure has told nothing new.
    const isKnown = from === node ? isA(error, Error) && error.cause === failures[0] : from.is(Flag.OBSERVED);
    if (node.is(Flag.AGGREGATE) || (isKnown && phase === "body")) {
      tellAll(from, "onError", error, { task: infoOf(from), phase });
    } else report(from, error, phase);
  }
  prepareCancel(node, kind, () => {
    const who = kind === "body-failed" ? "its function" : `"${from.path}"`;
    const message = `The scope "${node.path}" was canceled because ${who} failed`;
    return new CancelReason(kind, node.path, message, { cause: error });
  })?.();
}

/** Whether a function passes on the failure of a task, itself or as `join` throws it. */
function isPassedOn(node: ScopeNode, failures: unknown[], error: unknown, from: ScopeNode): boolean {
  if (failures.includes(error)) return from === node || Object(error) === error;
  return from === node && isA(error, ScopeError) && error.cause === failures[0];
}

/** An error that nobody awaits and no scope fails with goes to the observer, else to the console: never silent. */
export function report(node: ScopeNode, error: unknown, phase: ErrorPhase = phaseOf(node)): void {
  if (tellAll(node, "onError", error, { task: infoOf(node), phase })) return;
  // Names may be a stranger's: a `%c` would swallow the error, and a line break begin a line of its own.
  const who = `"${node.name}" (${node.path})`.replace(/[%\p{Cc}]/gu, "?");
  console.error(`TaskScope: ${who} failed and nobody awaits it:`, error);
}

/** Notes that somebody reads how a task ends. */
export function observe(node: ScopeNode): void {
  node.flags |= Flag.OBSERVED;
  if (node.is(Flag.SETTLED)) readFailure(node);
}

/** Whoever reads the failure of a task may have read that of its scope. */
export function readFailure(child: ScopeNode): void {
  if (!child.parent) return;
  if (child.failures) noteRead(child.parent, failureOf(child));
  else if (child.is(Flag.CUT)) noteRead(child.parent, child.cancellation?.reason);
}

/** Notes that somebody has read the failure of a scope, if the error is that failure or comes from it. */
export function noteRead(scope: ScopeNode, error: unknown): void {
  const failures = scope.failures ?? (scope.is(Flag.EXPIRED) ? [scope.cancellation?.reason] : []);
  const isRead = failures[0] === error || (isA(error, CancelReason) && failures[0] === error.cause);
  if (isRead && failures.length > 0) scope.flags |= Flag.SEEN;
}

/** Which part of a task its primary failure came from. */
export function phaseOf(node: ScopeNode): ErrorPhase {
  return node.is(Flag.CLEANUP_FAILED) ? "cleanup" : "body";
}

/** The error of what comes too late. */
export function closedError(node: ScopeNode, what: string): ScopeClosedError {
  return new ScopeClosedError(`${what}: the scope "${node.path}" is closed. Do it before it ends`);
}
