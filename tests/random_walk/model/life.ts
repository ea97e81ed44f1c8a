import { mark, shieldEnded } from "./cancel.ts";
import { cleanUp } from "./cleanup.ts";
import type { Ending, Node } from "./node.ts";
import { type Answer, isCancellation, isObject, type Thrown } from "./thrown.ts";

/** The function of a task is called, unless the task was canceled before (G2). */
export function start(node: Node): void {
  if (node.phase === "ended") return;
  if (node.cancellation) {
    node.isCut = true;
    return ended(node);
  }
  node.phase = "running";
  tell(node, "onStart");
  node.isCalled = true;
  node.call?.();
}

/** The promise of the function settles. */
export function answer(node: Node, turns: number, answer: Answer): void {
  if (node.isAnswered) return;
  node.isAnswered = true;
  settleFunction(node, turns, answer);
}

/** As `answer`, of one that was resolved with another promise before. */
export function settleFunction(node: Node, turns: number, answer: Answer): void {
  const settle = () => "thrown" in answer ? threw(node, answer.thrown) : returned(node, answer.value);
  if (turns === 0) settle();
  else node.settings.agenda.later(turns, settle);
}

function returned(node: Node, value: unknown): void {
  if (node.isAbandoned) return tellEnding(node, { state: "succeeded", value, late: true });
  node.value = value;
  ended(node);
}

function threw(node: Node, thrown: Thrown): void {
  const { cancellation } = node;
  const isCanceled = cancellation && !node.failures.includes(thrown) && isCancellation(cancellation.reason, thrown);
  if (node.isAbandoned) {
    if (isCanceled) return tellEnding(node, { state: "canceled", thrown: cancellation.reason });
    tellEnding(node, { state: "failed", thrown });
    return failedAfterAll(node, thrown);
  }
  if (isCanceled) node.isCut = true;
  else {
    node.phase = "ended";
    fail(node, thrown, "body-failed", node, "body");
  }
  ended(node);
}

function ended(node: Node): void {
  node.phase = "ended";
  endIfReady(node);
}

/** An error that comes too late is not lost (G5). */
export function failedAfterAll(node: Node, thrown: Thrown): void {
  const origin = node.cancellation?.origin;
  if (node.cancellation && isCancellation(node.cancellation.reason, thrown)) return;
  if (origin?.failures.includes(thrown)) return;
  const { failures } = origin ?? node;
  if (failures.length > 0) failures.push(thrown);
  report(node, thrown, "after-abandon");
}

/** G1: a scope ends when its function, all its tasks and its cleanup have, and then perhaps the one above. */
export function endIfReady(node: Node): void {
  if (node.phase !== "ended" || node.isCleaning || node.ending || node.live.length > 0) return;
  if (node.cleanups.length > 0) return cleanUp(node);
  settle(node);
  if (!node.parent) return;
  childEnded(node.parent, node);
  endIfReady(node.parent);
}

function settle(node: Node): void {
  const { settings: { agenda }, cancellation, failures } = node;
  const isCut = node.isCut && cancellation !== undefined;
  if (node.isExpired && isCut && failures.length === 0) failures.push(cancellation.reason); // never a silent end (G8)
  node.ending = endingOf(node, isCut);
  agenda.remove(node.own);
  agenda.remove(node.grace);
  for (const wait of [...node.waits]) wait.interrupt(cancellation?.reason ?? { is: "ScopeClosedError" });
  node.settled.forEach((call) => call());
  if (!node.isAbandoned && node.isTask) tellEnding(node, node.ending);
}

function endingOf(node: Node, isCut: boolean): Ending {
  const { failures: [first], failures, value } = node;
  const late = node.cancellation !== undefined || node.limit <= node.settings.agenda.now;
  if (first) {
    const all: Thrown = { is: "ScopeError", errors: [...failures], cause: first };
    return { state: node.isAbandoned ? "abandoned" : "failed", thrown: node.errors === "aggregate" ? all : first };
  }
  if (isCut && node.cancellation) return { state: "canceled", thrown: node.cancellation.reason };
  return { state: "succeeded", value, late };
}

function childEnded(parent: Node, child: Node): void {
  const { taskState: state, cancellation } = child;
  startQueued(parent);
  if (child.as === "shield") shieldEnded(parent);
  const sharesFate = cancellation !== undefined && cancellation === parent.cancellation;
  if (sharesFate && (state === "canceled" || state === "abandoned")) parent.isCut = true;
  else if (state === "failed" || state === "abandoned") childFailed(parent, child);
  if (child.isAwaited) noteReading(parent, child);
  if (parent.live.length === 0) parent.idle.splice(0).forEach((call) => call());
}

/** G4. The failure of a call belongs to whoever awaits it. */
function childFailed(parent: Node, child: Node): void {
  const [error] = child.failures;
  if (!error || (child.isCall && child.isAwaited)) return;
  const phase = child.hasFailedCleanup ? "cleanup" : "body";
  if (parent.policy === "failFast") fail(parent, error, "sibling-failed", child, phase);
  else if (parent.settings.isObserved || !child.isAwaited) report(child, error, phase);
}

/** G11: first in, first out. */
function startQueued(parent: Node): void {
  for (const child of parent.live) {
    if (child.phase !== "queued" || child.cancellation || parent.taken >= parent.concurrency) continue;
    child.phase = "scheduled";
    child.settings.agenda.later(1, () => start(child));
  }
}

/** G4, G5: the first failure is the primary one; then what still runs is canceled. Later ones are kept and told. */
export function fail(node: Node, error: Thrown, kind: string, from: Node, phase: string): void {
  const { failures } = node;
  if (failures.length === 0 && node.isExpired && node.cancellation) failures.push(node.cancellation.reason);
  const [first] = failures;
  if (first) {
    if (failures.includes(error) && (from === node || isObject(error))) return; // passed on
    failures.push(error);
    const isKnown = from === node ? error.cause === first : from.isAwaited;
    if (node.errors === "aggregate" || (isKnown && phase === "body")) tellError(from, error, phase);
    else report(from, error, phase);
  } else failures.push(error);
  mark(node, kind, undefined, error)?.();
}

/** No error is lost: what nobody awaits and no scope fails with goes to the observer, else to the console. */
export function report(node: Node, thrown: Thrown, phase: string): void {
  const { settings, path } = node;
  if (!tellError(node, thrown, phase)) settings.tell({ hook: "console", path, thrown });
}

function tellError({ settings: { isObserved, tell }, path }: Node, thrown: Thrown, detail: string): boolean {
  if (isObserved) tell({ hook: "onError", path, detail, thrown });
  return isObserved;
}

function tellEnding(node: Node, ending: Ending): void {
  tell(node, "onSettle", ending.state, "thrown" in ending ? ending.thrown : undefined);
}

/** Of a scope that is no task, an observer only hears when it was abandoned. */
export function tell(
  { settings, path, isTask, isAbandoned }: Node,
  hook: string,
  detail?: string,
  thrown?: Thrown,
): void {
  if (settings.isObserved && (isTask || isAbandoned)) settings.tell({ hook, path, detail, thrown });
}

/** Somebody awaits a task, and so perhaps the failure that its scope has of it. */
export function noteReading(parent: Node, { failures, isCut, cancellation }: Node): void {
  if (failures[0]) noteRead(parent, failures[0]);
  else if (isCut && cancellation) noteRead(parent, cancellation.reason);
}

export function noteRead(scope: Node, error: Thrown): void {
  const first = scope.failures[0] ?? (scope.isExpired ? scope.cancellation?.reason : undefined);
  if (first && (first === error || (error.is === "CancelReason" && error.cause === first))) scope.isSeen = true;
}
