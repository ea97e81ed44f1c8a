/**
 * Cancellation of a node and everything below it: from whom it comes, who is told, and when waiting for it ends.
 * Synchronous and without recursion along the tree; user code is only called where a line says so.
 *
 * @module
 */
import { type CancelKind, CancelReason, DeadlineExceededError } from "./errors.ts";
import type { Follower } from "./signals.ts";
import type { HeapEntry } from "./deadline.ts";
import { captureContext } from "./context.ts";
import { notify } from "./observer.ts";
import { Cancellation, Flag, type Limit, mark, type ScopeNode } from "./scope_tree.ts";
import { describeCancellation } from "./outcome.ts";

/**
 * Cancels a node and everything below it but shields. Synchronous; does not wait. A second one changes nothing (G7).
 */
export function cancel(origin: ScopeNode, kind: CancelKind, make: () => unknown): void {
  if (origin.cancellation !== undefined || origin.isSettled) return;
  const cancellation = new Cancellation(kind, origin, make);
  const affected = mark(origin, cancellation);
  const { observer } = origin.env;
  if (observer?.onCancel !== undefined && origin.scope !== undefined) {
    const { reason } = cancellation;
    notify(observer, "onCancel", origin.extras?.runner, origin.scope, reason, describeCancellation(cancellation));
  }
  for (const node of affected) tellCanceled(node, cancellation);
  waitForGrace(origin);
}

/** What `cancel` and `close` do; a reason of the user's passes through by identity. */
export function cancelFor(node: ScopeNode, kind: "canceled" | "closed", reason: unknown): void {
  const make = () => {
    if (reason !== undefined) return reason;
    return new CancelReason(kind, node.path, `"${node.path}" was ${kind}`);
  };
  cancel(node, reason instanceof CancelReason ? reason.kind : kind, make);
}

function tellCanceled(node: ScopeNode, cancellation: Cancellation): void {
  if ((node.flags & Flag.QUEUED) !== 0) schedule(node); // to settle without having run
  const { extras } = node;
  if (extras === undefined) return;
  const { hooks, controller, runner } = extras;
  if (hooks !== undefined) {
    extras.hooks = undefined;
    for (const hook of hooks) hook();
  }
  if (controller === undefined || controller.signal.aborted) return;
  if (runner === undefined) controller.abort(cancellation.reason); // user code: abort listeners
  else runner(() => controller.abort(cancellation.reason));
}

const READY = Promise.resolve();

/** Has a node start in a microtask, whose async context is that of the caller (G2, G3). */
export function schedule(node: ScopeNode): void {
  // `await` asks a thenable for its `then` one microtask late: whoever awaits at once must be there before the start.
  const ready = (node.flags & (Flag.CALL | Flag.DETACHED)) === 0 ? READY : READY.then();
  ready.then(() => node.env.life.start(node));
}

/** The signal of a node; made on first use. */
export function signalOf(node: ScopeNode): AbortSignal {
  const extras = node.ensureExtras();
  if (extras.controller === undefined) {
    extras.controller = new AbortController();
    if (node.cancellation !== undefined) extras.controller.abort(node.cancellation.reason);
    else if (!node.isSettled) extras.runner ??= captureContext();
  }
  return extras.controller.signal;
}

/** Follows foreign signals: the first that aborts cancels the node, for the same reason. */
export class ForeignCancel implements Follower {
  readonly #node: ScopeNode;

  constructor(node: ScopeNode) {
    this.#node = node;
  }

  foreignAborted({ reason }: AbortSignal): void {
    cancel(this.#node, reason instanceof CancelReason ? reason.kind : "canceled", () => reason);
  }
}

class OwnLimit implements Limit {
  index = -1;
  readonly at: number;
  readonly owner: ScopeNode;

  constructor(at: number, owner: ScopeNode) {
    this.at = at;
    this.owner = owner;
  }

  due(): void {
    const { owner, at } = this;
    if (owner.cancellation === undefined) owner.flags |= Flag.EXPIRED;
    cancel(owner, "deadline", () => deadlineError(owner.path, at));
  }
}

/** Gives a node a deadline of its own, where the one above is later or none; one that has passed ends it at once. */
export function limitTo(node: ScopeNode, at: number, now: number): void {
  if (node.limit !== undefined && at >= node.limit.at && at > now) return;
  const limit = node.limit = new OwnLimit(at, node);
  if (at > now) node.env.heap.add(limit);
  else limit.due();
}

/** The error of a deadline that passed at `at`. */
export function deadlineError(path: string, at: number): DeadlineExceededError {
  const deadline = new Date(at);
  return new DeadlineExceededError(path, deadline, `The deadline of "${path}" passed at ${deadline.toISOString()}`);
}

class GraceEntry implements HeapEntry {
  index = -1;
  readonly at: number;
  readonly #origin: ScopeNode;

  constructor(at: number, origin: ScopeNode) {
    this.at = at;
    this.#origin = origin;
  }

  due(): void {
    this.#origin.env.life.overdue(this.#origin);
  }
}

/** Starts the time a canceled node has to end. */
export function waitForGrace(origin: ScopeNode): void {
  if (origin.isSettled) return;
  const { heap } = origin.env;
  if (origin.limit?.owner === origin) heap.remove(origin.limit);
  const grace = graceOf(origin);
  if (grace === Infinity) return;
  const extras = origin.ensureExtras();
  if (extras.grace !== undefined) heap.remove(extras.grace);
  heap.add(extras.grace = new GraceEntry(Date.now() + grace, origin));
}

/** Inside a lifetime that is about to end, grace is cut to nine tenths of what is left: the rest is for the report. */
export function graceOf(node: ScopeNode): number {
  const { grace, lifetime } = node.env;
  const end = lifetime?.deadline;
  return end === undefined ? grace : Math.min(grace, Math.max(0, 0.9 * (end.getTime() - Date.now())));
}
