/**
 * The life of a node: admission, start, the end of its function, its own end. Synchronous and without recursion along
 * the tree; user code is only called where a line says so.
 *
 * @module
 */
import { AbandonedTasksError, ScopeClosedError } from "./errors.ts";
import { captureContext } from "./context.ts";
import { notify } from "./observer.ts";
import { countShields, Flag, type Life, link, Nursery, type ScopeNode, unlink, walk } from "./scope_tree.ts";
import { describeCancellation, failureOf, isCancellation, outcomeOf, settlePromise } from "./outcome.ts";
import { graceOf, schedule, waitForGrace } from "./cancellation.ts";
import { fail, infoOf, readFailure, report, tellError } from "./failure.ts";
import { cleanUp } from "./cleanup.ts";

/** What heap and scheduler call; every environment has it. */
export const life: Life = { start, overdue: abandonOverdue };

/**
 * @throws {ScopeClosedError} If the scope has ended.
 */
export function assertOpen(node: ScopeNode, what: string): void {
  if (!node.isSettled) return;
  throw new ScopeClosedError(`${what}: the scope "${node.path}" is closed. Do it before its function ends`);
}

/** Puts a child under its parent and has it start: in a microtask, and when there is a place (G2, G11). */
export function admit(parent: ScopeNode, child: ScopeNode): void {
  const nursery = parent.nursery ??= new Nursery(parent.concurrency);
  link(parent, nursery, child);
  if (child.cancellation !== undefined) {
    child.flags |= Flag.QUEUED; // its deadline had passed: settles without a place
    nursery.queued++;
    schedule(child);
  } else if ((child.flags & Flag.CALL) !== 0) {
    schedule(child); // takes no place: its caller, who has one, waits for it
  } else if (nursery.active < nursery.limit) {
    nursery.active++;
    schedule(child);
  } else {
    child.flags |= Flag.QUEUED;
    child.ensureExtras().runner ??= captureContext();
    nursery.queued++;
    nursery.queue.push(child);
  }
}

/** Calls the function of a node, unless it was canceled before. */
export function start(node: ScopeNode): void {
  if ((node.flags & Flag.BODY_DONE) !== 0) return;
  const fn = node.value as (scope: unknown) => unknown;
  node.value = undefined;
  if (node.cancellation !== undefined) return bodyEnded(node, Flag.CUT);
  const { observer } = node.env;
  if (observer !== undefined) notify(observer, "onStart", undefined, infoOf(node));
  try {
    const result = fn(node.scope); // user code
    if (isThenable(result)) {
      const promise = result instanceof Promise ? result : Promise.resolve(result);
      promise.then((value) => bodySucceeded(node, value), (error) => bodyFailed(node, error));
    } else {
      bodySucceeded(node, result);
    }
  } catch (error) {
    bodyFailed(node, error);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return value !== null && (typeof value === "object" || typeof value === "function") &&
    typeof (value as { then?: unknown }).then === "function";
}

function bodySucceeded(node: ScopeNode, value: unknown): void {
  if ((node.flags & Flag.ABANDONED) !== 0) return endedAfterAll(node, { value });
  node.value = value;
  bodyEnded(node, 0);
}

function bodyFailed(node: ScopeNode, error: unknown): void {
  if ((node.flags & Flag.ABANDONED) !== 0) return endedAfterAll(node, { error });
  if (isCancellation(node.cancellation, error)) return bodyEnded(node, Flag.CUT);
  node.flags |= Flag.BODY_DONE;
  fail(node, error, "body-failed", node, "body");
  endIfReady(node);
}

function bodyEnded(node: ScopeNode, flag: number): void {
  node.flags |= Flag.BODY_DONE | flag;
  endIfReady(node);
}

/** An abandoned function ended: its observer hears again (G9). */
function endedAfterAll(node: ScopeNode, end: { value: unknown } | { error: unknown }): void {
  const { observer } = node.env;
  if (observer === undefined) return;
  const task = infoOf(node);
  const runner = node.extras?.runner;
  const { cancellation } = node;
  if ("value" in end) {
    notify(observer, "onSettle", runner, task, { state: "succeeded", value: end.value, late: true });
  } else if (cancellation !== undefined && isCancellation(cancellation, end.error)) {
    const { reason } = cancellation;
    notify(observer, "onSettle", runner, task, { state: "canceled", reason, ...describeCancellation(cancellation) });
  } else {
    notify(observer, "onSettle", runner, task, { state: "failed", error: end.error });
    tellError(node, end.error, "after-abandon");
  }
}

/** Ends a node that has nothing left to wait for, and then those above it that only waited for this. */
export function endIfReady(first: ScopeNode): void {
  let node: ScopeNode | undefined = first;
  while (node !== undefined) {
    if ((node.flags & Flag.BODY_DONE) === 0 || (node.flags & (Flag.CLEANING | Flag.SETTLED)) !== 0) return;
    if (node.live > 0) return;
    if (node.extras?.deferred !== undefined) return void cleanUpNode(node);
    settle(node);
    const parent: ScopeNode | undefined = node.parent;
    if (parent !== undefined) childEnded(parent, node);
    node = parent;
  }
}

async function cleanUpNode(node: ScopeNode): Promise<void> {
  node.flags |= Flag.CLEANING;
  await cleanUp(node, graceOf(node), (error) => fail(node, error, "body-failed", node, "cleanup"));
  node.flags &= ~Flag.CLEANING;
  endIfReady(node);
}

function settle(node: ScopeNode): void {
  const { extras, limit, env } = node;
  if ((node.flags & Flag.EXPIRED) !== 0 && node.isCut && node.failures === undefined) {
    node.failures = [node.cancellation?.reason]; // an expired deadline is a failure (G8)
  }
  if (node.cancellation !== undefined) node.flags |= Flag.LATE;
  if (limit !== undefined && limit.owner === node) {
    if (limit.at <= Date.now()) node.flags |= Flag.LATE;
    env.heap.remove(limit);
  }
  node.flags |= Flag.SETTLED;
  if (node.taskState !== "succeeded") node.value = undefined;
  if (extras !== undefined) {
    if (extras.grace !== undefined) env.heap.remove(extras.grace);
    if (extras.subscriptions !== undefined) { for (const subscription of extras.subscriptions) subscription.release(); }
    const { hooks, settled } = extras;
    extras.hooks =
      extras.subscriptions =
      extras.settled =
      extras.grace =
        undefined;
    if (hooks !== undefined) { for (const hook of hooks) hook(); }
    if (settled !== undefined) { for (const call of settled) call(); }
  }
  const { observer } = env;
  if (observer !== undefined && node.task !== undefined && (node.flags & Flag.ABANDONED) === 0) {
    notify(observer, "onSettle", extras?.runner, node.task, outcomeOf(node));
  }
  if (node.deferred !== undefined) settlePromise(node, node.deferred);
  if (extras?.outcome !== undefined) extras.outcome.resolve(outcomeOf(node));
}

/** What the end of a child means for its parent. */
function childEnded(parent: ScopeNode, child: ScopeNode): void {
  const { nursery } = parent;
  if (nursery === undefined) return;
  const state = child.taskState as "succeeded" | "failed" | "canceled" | "abandoned";
  nursery[state]++;
  unlink(nursery, child);
  freePlace(nursery, child);
  if ((child.flags & Flag.SHIELD) !== 0) shieldEnded(parent);
  const sharesFate = child.cancellation !== undefined && child.cancellation === parent.cancellation;
  if ((state === "canceled" || state === "abandoned") && sharesFate) parent.flags |= Flag.CUT;
  else if (state === "failed" || state === "abandoned") childFailed(parent, child);
  if ((child.flags & Flag.OBSERVED) !== 0) readFailure(child);
  const { extras } = parent;
  if (extras?.idle !== undefined && nursery.live === 0) {
    const { idle } = extras;
    extras.idle = undefined;
    for (const call of idle) call();
  }
}

function childFailed(parent: ScopeNode, child: ScopeNode): void {
  const isObserved = (child.flags & Flag.OBSERVED) !== 0;
  if ((child.flags & Flag.CALL) !== 0 && isObserved) return; // whoever awaits it has it
  const error = failureOf(child);
  if ((parent.flags & Flag.SUPERVISE) === 0) return fail(parent, error, "sibling-failed", child, "body");
  if (parent.env.observer?.onError !== undefined || !isObserved) report(child, error);
}

function freePlace(nursery: Nursery, child: ScopeNode): void {
  if ((child.flags & Flag.QUEUED) !== 0) {
    child.flags &= ~Flag.QUEUED;
    nursery.queued--;
    return; // it never had a place
  }
  if ((child.flags & Flag.CALL) !== 0) return;
  nursery.active--;
  while (nursery.active < nursery.limit && nursery.head < nursery.queue.length) {
    const next = nursery.queue[nursery.head++];
    if (next === undefined || next.cancellation !== undefined) continue; // settles by itself
    next.flags &= ~Flag.QUEUED;
    nursery.queued--;
    nursery.active++;
    const runner = next.extras?.runner;
    if (runner === undefined) schedule(next);
    else runner(() => schedule(next)); // G3: not the context of whoever freed the place
  }
  if (nursery.head === nursery.queue.length) nursery.queue.length = nursery.head = 0;
}

function shieldEnded(parent: ScopeNode): void {
  countShields(parent, -1);
  for (let node: ScopeNode | undefined = parent; node !== undefined; node = node.parent) {
    if ((node.flags & Flag.GRACE_DUE) === 0) continue;
    node.flags &= ~Flag.GRACE_DUE;
    waitForGrace(node);
  }
}

/** Goes on without what ignored its cancellation (G9). */
function abandonOverdue(origin: ScopeNode): void {
  const overdue: ScopeNode[] = [];
  walk(origin, (node) => {
    if (node !== origin && (node.flags & Flag.SHIELD) !== 0) return false;
    if ((node.flags & Flag.BODY_DONE) === 0 && (node.flags & Flag.MANUAL) === 0) {
      // One that waits for a shield outlasts grace; its turn comes when the shield has ended.
      if ((node.extras?.shields ?? 0) > 0) origin.flags |= Flag.GRACE_DUE;
      else overdue.push(node);
    }
    return true;
  });
  if (overdue.length === 0) return;
  const error = abandonedError(origin, overdue);
  fail(origin, error, "canceled", origin, "body");
  overdue.reverse(); // children before parents
  for (const node of overdue) {
    node.flags |= Flag.ABANDONED | Flag.BODY_DONE;
    node.failures ??= [error];
    const { observer } = node.env;
    if (observer !== undefined) notify(observer, "onAbandon", node.extras?.runner, infoOf(node), error);
  }
  for (const node of overdue) endIfReady(node);
}

function abandonedError(origin: ScopeNode, overdue: readonly ScopeNode[]): AbandonedTasksError {
  const tasks = overdue.map(({ name, path }) => ({ name, path }));
  const names = tasks.slice(0, 10).map(({ path }) => `"${path}"`).join(", ") + (tasks.length > 10 ? ", …" : "");
  const message = `${tasks.length} task(s) ignored their cancellation for longer than grace and may still run: ` +
    `${names}. Pass the signal on, or raise grace`;
  return new AbandonedTasksError(tasks, message, { cause: origin.cancellation?.reason });
}
