/**
 * Cancellation of a node and everything below it: from whom it comes, who is told, and when waiting for it ends.
 * Synchronous and without recursion along the tree; user code is only called where a line says so.
 *
 * @module
 */
import { type CancelKind, CancelReason, DeadlineExceededError } from "./errors.ts";
import { captureContext, runIn } from "./context.ts";
import { endOf } from "./lifetime.ts";
import * as Flag from "./flags.ts";
import type { ScopeInfo } from "./observer.ts";
import { Cancellation, type Extras, type ScopeNode } from "./scope_node.ts";
import { mark } from "./scope_tree.ts";
import { announce, channels, tell } from "./notify.ts";

/**
 * Cancels a node and everything below it but shields, in two halves. Synchronous; does not wait. A second cancellation
 * changes nothing (G7). The first half marks the subtree and runs no user code.
 *
 * @returns The second half, which tells all whom it concerns.
 */
export function prepareCancel(origin: ScopeNode, kind: CancelKind, make: () => unknown): (() => void) | undefined {
  if (origin.cancellation || origin.is(Flag.SETTLED)) return undefined;
  const cancellation = new Cancellation(kind, origin, make);
  const affected = mark(origin, cancellation);
  return () => {
    // A function that failed while nothing else ran canceled nobody.
    if ((kind !== "body-failed" || origin.live > 0) && announce(origin, "onCancel", channels.onCancel)) {
      tell(origin, "onCancel", origin.scope as ScopeInfo, cancellation.reason, cancellation.info);
    }
    for (const node of affected) tellCanceled(node, cancellation);
    waitForGrace(origin);
  };
}

/** What `cancel` and `close` do; a reason of the user's passes through by identity. */
export function cancelFor(node: ScopeNode, kind: "canceled" | "closed", reason: unknown): void {
  prepareCancelFor(node, kind, reason)?.();
}

/** The first half of `cancelFor`. */
export function prepareCancelFor(
  node: ScopeNode,
  kind: "canceled" | "closed",
  reason: unknown,
): (() => void) | undefined {
  const make = () => reason !== undefined ? reason : new CancelReason(kind, node.path, `"${node.path}" was ${kind}`);
  return prepareCancel(node, kind, make);
}

function tellCanceled(node: ScopeNode, cancellation: Cancellation): void {
  if (node.is(Flag.QUEUED)) schedule(node); // to settle without having run
  runHooks(node);
  const { controller, runner } = node.extras as Extras;
  if (controller) runIn(runner, () => abort(controller, cancellation)); // user code: abort listeners
}

function abort(controller: AbortController, { reason }: Cancellation): void {
  try {
    controller.abort(reason);
  } catch {
    controller.abort(); // workerd looks into the reason, which a proxy may make throw
  }
}

/** Tells whoever waits in a node that it is canceled, or has ended. */
export function runHooks(node: ScopeNode): void {
  const { hooks } = node.extras as Extras;
  hooks?.forEach((hook) => {
    hooks.delete(hook);
    hook();
  });
}

const READY = Promise.resolve();

/** Has a node start in a microtask, whose async context is that of the caller (G2, G3). */
export function schedule(node: ScopeNode): void {
  // `await` asks a thenable for its `then` one microtask late: whoever awaits at once must be there before the start.
  const ready = !node.is(Flag.CALL | Flag.DETACHED) ? READY : READY.then();
  ready.then(node.env.life.starter(node));
}

/** The signal of a node; made on first use. */
export function signalOf(node: ScopeNode): AbortSignal {
  const extras = node.ensureExtras();
  if (!extras.controller) {
    extras.controller = new AbortController();
    if (node.cancellation) abort(extras.controller, node.cancellation);
    else extras.runner ??= captureContext();
  }
  return extras.controller.signal;
}

/**
 * Gives a node a deadline of its own, where the one above is later or none; one that has passed ends it at once.
 *
 * @param owner Whose deadline it is (G8).
 */
export function limitTo(node: ScopeNode, at: number, now: number, owner: ScopeNode = node): void {
  if (node.limit && at >= node.limit.at && at > now) return;
  const due = () => {
    if (!node.cancellation) node.flags |= Flag.EXPIRED;
    prepareCancel(node, "deadline", () => deadlineError(owner.path, at))?.();
  };
  node.limit = at > now ? node.env.heap.add(at, due) : { at, due, index: -1 };
  if (at <= now) due();
}

/** The error of a deadline that passed at `at`. */
export function deadlineError(path: string, at: number, what = ""): DeadlineExceededError {
  const deadline = new Date(at);
  return new DeadlineExceededError(
    path,
    deadline,
    `${what}The deadline of "${path}" passed at ${deadline.toISOString()}`,
  );
}

/** Starts the time a canceled node has to end. */
export function waitForGrace(origin: ScopeNode, grace: number = graceOf(origin)): void {
  const { heap, life } = origin.env;
  heap.remove(origin.ownLimit);
  if (origin.is(Flag.MANUAL) && origin.live === 0) return;
  const extras = origin.ensureExtras();
  heap.remove(extras.grace);
  extras.grace = heap.add(Date.now() + grace, () => life.overdue(origin));
  if (origin.is(Flag.SETTLED)) heap.remove(extras.grace); // while Deno loaded its timers, which runs microtasks
}

/**
 * Inside a lifetime that is about to end, grace is cut to nine tenths of what is left: the rest is for the report. Never
 * none at all: whoever heeds at once needs a turn of its own to end in.
 */
export function graceOf({ env: { grace, lifetime } }: ScopeNode): number {
  return Math.max(1, Math.min(grace, 0.9 * (endOf(lifetime) - Date.now())));
}
