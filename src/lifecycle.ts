/**
 * The life of a node: admission, start, the end of its function, its own end. Synchronous and without recursion along
 * the tree; user code is only called where a line says so.
 *
 * @module
 */
import { AbandonedTasksError } from "./errors.ts";
import { captureContext, runIn } from "./context.ts";
import * as Flag from "./flags.ts";
import type { Outcome } from "./observer.ts";
import { type Cancellation, Nursery, type ScopeNode } from "./scope_node.ts";
import { countShields, link, unlink } from "./scope_tree.ts";
import { canceled, failureOf, isCancellation, outcomeOf } from "./outcome.ts";
import { announce, channels, infoOf, tell, tellAll } from "./notify.ts";
import { graceOf, runHooks, schedule, waitForGrace } from "./cancellation.ts";
import { closedError, fail, isNews, phaseOf, readFailure, report } from "./failure.ts";
import { cleanUp } from "./cleanup.ts";
import { isA, isThenable } from "./validate.ts";
import { around } from "./watch.ts";

/**
 * @throws {ScopeClosedError} If the scope has ended.
 */
export function assertOpen(node: ScopeNode, what: string): void {
  if (!node.is(Flag.SETTLED)) return;
  throw closedError(node, what);
}

/** Puts a child under its parent and has it start: in a microtask, and when there is a place (G2, G11). */
export function admit(parent: ScopeNode, child: ScopeNode): void {
  const nursery = parent.nursery ??= new Nursery();
  const { counters } = nursery;
  const isCall = child.is(Flag.CALL); // takes no place: its caller, who has one, waits for it
  link(parent, nursery, child);
  counters.spawned++; // invariant 4 of the tree: with each step, one counter goes up for one that goes down
  if (isCall || nursery.active < nursery.concurrency) {
    counters.running++;
    if (!isCall) nursery.active++;
    return schedule(child);
  }
  counters.queued++;
  child.flags |= Flag.QUEUED;
  child.ensureExtras().runner ??= captureContext();
  nursery.queue.push(child);
}

/** Makes what calls the function of a node, unless the node was canceled before. */
export function starter(node: ScopeNode): () => void {
  return () => {
    if (node.task) {
      node.env.age = -1;
      if (!node.cancellation && announce(node, "onStart", channels.onStart)) tell(node, "onStart", node.task);
    }
    if (node.cancellation) return bodyEnded(node, Flag.CUT);
    try {
      const result = callBody(node);
      if (isThenable(result)) {
        Promise.resolve(result).then((value) => bodySucceeded(node, value), (error) => bodyFailed(node, error));
      } else {
        bodySucceeded(node, result);
      }
    } catch (error) {
      bodyFailed(node, error);
    }
  };
}

/** Apart from `starter`: what waits for the end of a function must not keep it, and all that it sees (G13). */
function callBody(node: ScopeNode): unknown {
  const fn = node.value as (scope: unknown) => unknown;
  node.value = undefined;
  return around ? around(node, fn) : fn(node.scope); // user code
}

function bodySucceeded(node: ScopeNode, value: unknown): void {
  if (node.is(Flag.ABANDONED)) return endedAfterAll(node, { state: "succeeded", value, late: true });
  node.value = value;
  bodyEnded(node, 0);
}

function bodyFailed(node: ScopeNode, error: unknown): void {
  const { cancellation } = node;
  // Asking for the reason first would make one at each level of a failing chain.
  const isCanceled = !node.failures?.includes(error) && isCancellation(cancellation, error);
  if (node.is(Flag.ABANDONED)) {
    return endedAfterAll(node, isCanceled ? canceled(cancellation as Cancellation) : { state: "failed", error });
  }
  if (isCanceled) return bodyEnded(node, Flag.CUT);
  node.flags |= Flag.BODY_DONE;
  fail(node, error, "body-failed", node, "body");
  endIfReady(node);
}

function bodyEnded(node: ScopeNode, flag: number): void {
  node.flags |= Flag.BODY_DONE | flag;
  endIfReady(node);
}

/** An abandoned function ended: its observer hears again (G9). */
function endedAfterAll(node: ScopeNode, outcome: Outcome<unknown>): void {
  tellAll(node, "onSettle", infoOf(node), outcome);
  if (outcome.state === "failed") failedAfterAll(node, outcome.error);
}

/** An error that comes too late to change how anything ended is not lost either (G5). */
function failedAfterAll(node: ScopeNode, error: unknown): void {
  const cancellation = node.cancellation as Cancellation; // what is not waited for any more is canceled
  if (!isNews(cancellation, error)) return;
  cancellation.origin.failures?.push(error);
  report(node, error, "after-abandon");
}

/** Ends a node that has nothing left to wait for, and then those above it that only waited for this. */
export function endIfReady(first: ScopeNode): void {
  let node: ScopeNode | undefined = first;
  while (node) {
    if (!node.is(Flag.BODY_DONE) || node.is(Flag.CLEANING | Flag.SETTLED)) return;
    if (node.live > 0) return;
    if (node.extras?.deferred) return void cleanUpNode(node);
    settle(node);
    const parent: ScopeNode | undefined = node.parent;
    if (parent) childEnded(parent, node);
    node = parent;
  }
}

async function cleanUpNode(node: ScopeNode): Promise<void> {
  node.flags |= Flag.CLEANING;
  await cleanUp(node, graceOf(node), (error) => failedAfterAll(node, error), (error) => {
    // The cause of an abandonment is the cancellation; it is no less a failure (G9).
    const isCut = !isA(error, AbandonedTasksError) && isCancellation(node.cancellation, error);
    if (isCut) return void (node.flags |= Flag.CUT);
    if (!node.failures) node.flags |= Flag.CLEANUP_FAILED;
    fail(node, error, "body-failed", node, "cleanup");
  });
  node.flags &= ~Flag.CLEANING;
  endIfReady(node);
}

function settle(node: ScopeNode): void {
  const { extras, limit, cancellation, env } = node;
  if (node.is(Flag.EXPIRED) && node.is(Flag.CUT)) node.failures ??= [cancellation?.reason]; // an expired deadline is one (G8)
  if (cancellation || (limit && limit.at <= Date.now())) node.flags |= Flag.LATE;
  env.heap.remove(node.ownLimit);
  node.flags |= Flag.SETTLED;
  if (node.taskState !== "succeeded") node.value = undefined;
  if (extras) {
    const { settled } = extras;
    env.heap.remove(extras.grace);
    env.heap.remove(extras.hold);
    extras.settled = extras.grace = undefined;
    runHooks(node);
    settled?.forEach((call) => call());
  }
  if (node.task && !node.is(Flag.ABANDONED) && announce(node, "onSettle", channels.onSettle)) {
    tell(node, "onSettle", node.task, outcomeOf(node));
  }
  node.settle?.();
}

/** What the end of a child means for its parent. */
function childEnded(parent: ScopeNode, child: ScopeNode): void {
  const nursery = parent.nursery as Nursery;
  const { counters } = nursery;
  const state = child.taskState as "succeeded" | "failed" | "canceled" | "abandoned";
  counters[child.is(Flag.QUEUED) ? "queued" : "running"]--;
  counters[state]++;
  unlink(nursery, child);
  if (child.is(Flag.QUEUED)) dropStale(nursery);
  else if (!child.is(Flag.CALL)) freePlace(nursery);
  if (child.is(Flag.SHIELD)) shieldEnded(parent);
  const sharesFate = child.cancellation && child.cancellation === parent.cancellation;
  if (sharesFate && (state === "canceled" || state === "abandoned")) parent.flags |= Flag.CUT;
  else if (state === "failed" || state === "abandoned") childFailed(parent, child);
  if (child.is(Flag.OBSERVED)) readFailure(child);
  const idle = parent.extras?.idle;
  if (!idle || parent.live > 0) return;
  idle.splice(0).forEach((call) => call());
}

function childFailed(parent: ScopeNode, child: ScopeNode): void {
  const isObserved = child.is(Flag.OBSERVED);
  const error = failureOf(child);
  if (child.is(Flag.CALL) && isObserved) return; // whoever awaits it has it
  if (!parent.is(Flag.SUPERVISE)) {
    fail(parent, error, "sibling-failed", child, phaseOf(child));
  } else if (parent.env.observer?.onError || !isObserved) {
    report(child, error);
  }
}

/** Forgets canceled tasks in the queue when half of it is that (G13). */
function dropStale(nursery: Nursery): void {
  if (2 * ++nursery.stale < nursery.queue.length) return;
  nursery.queue = nursery.queue.slice(nursery.head).filter((node) => !node.cancellation);
  nursery.head = nursery.stale = 0;
}

function freePlace(nursery: Nursery): void {
  nursery.active--;
  const { queue, counters } = nursery;
  if (2 * nursery.head > queue.length) nursery.head -= queue.splice(0, nursery.head).length;
  while (nursery.active < nursery.concurrency && nursery.head < queue.length) {
    const next = queue[nursery.head++] as ScopeNode;
    if (next.cancellation) continue; // settles by itself
    next.flags &= ~Flag.QUEUED;
    counters.queued--;
    counters.running++;
    nursery.active++;
    runIn(next.extras?.runner, () => schedule(next)); // G3: not the context of whoever freed the place
  }
}

function shieldEnded(parent: ScopeNode): void {
  countShields(parent, -1);
  for (let node: ScopeNode | undefined = parent; node; node = node.parent) {
    if (!node.is(Flag.GRACE_DUE)) continue;
    node.flags &= ~Flag.GRACE_DUE;
    waitForGrace(node);
  }
}
