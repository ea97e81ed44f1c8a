/**
 * How a node ended, for whoever asks; and what counts as cancellation rather than failure (G6).
 *
 * @module
 */
import { CancelReason, ScopeError } from "./errors.ts";
import type { Outcome } from "./observer.ts";
import { type Cancellation, type Deferred, Flag, type ScopeNode } from "./scope_tree.ts";

const DEEPEST_CAUSE = 64;

/**
 * Whether an error that came out of a canceled node is its cancellation: the reason itself, an error caused by it, or
 * what an aborted call throws. An aggregate is one only if every error in it is.
 */
export function isCancellation(cancellation: Cancellation | undefined, error: unknown): boolean {
  if (cancellation === undefined) return false;
  let at = error;
  for (let depth = 0; depth < DEEPEST_CAUSE; depth++) {
    if (at === cancellation.reason) return true;
    if (typeof at !== "object" || at === null) return false;
    const { name, errors, cause } = at as {
      name?: unknown;
      errors?: unknown;
      cause?: unknown;
    };
    if (name === "AbortError" || name === "TimeoutError") return true;
    if (Array.isArray(errors) && errors.length > 0) {
      return errors.every((error) => error !== at && isCancellation(cancellation, error));
    }
    if (cause === undefined) return false;
    at = cause;
  }
  return false;
}

/** Who or what began a cancellation: what the reason says of itself counts, wherever it comes from. */
export function describeCancellation(cancellation: Cancellation): { kind: CancelReason["kind"]; origin: string } {
  const { reason, kind, origin } = cancellation;
  if (reason instanceof CancelReason) {
    return { kind: reason.kind, origin: reason.origin };
  }
  return { kind, origin: origin.path };
}

/** What a failed or abandoned node fails with (G5). */
export function failureOf(node: ScopeNode): unknown {
  const failures = node.failures ?? [];
  if ((node.flags & Flag.AGGREGATE) === 0) return failures[0];
  if (node.isSettled && node.value instanceof ScopeError) return node.value; // one object, whoever asks
  const message = `The scope "${node.path}" failed with ${failures.length} error(s)`;
  const error = new ScopeError(failures, message, { cause: failures[0] });
  if (node.isSettled) node.value = error;
  return error;
}

/** The outcome of a settled node. */
export function outcomeOf(node: ScopeNode): Outcome<unknown> {
  const state = node.taskState;
  switch (state) {
    case "succeeded":
      return { state, value: node.value, late: (node.flags & Flag.LATE) !== 0 };
    case "canceled":
      if (node.cancellation === undefined) break;
      return {
        state,
        reason: node.cancellation.reason,
        ...describeCancellation(node.cancellation),
      };
    case "failed":
    case "abandoned":
      return { state, error: failureOf(node) };
  }
  throw new Error(`TaskScope: the task ${node.path} has not ended; this is a mistake in TaskScope, please report it`);
}

/** The promise of a node's value; made when somebody first asks. */
export function promiseOf(node: ScopeNode): Promise<unknown> {
  if (node.deferred === undefined) {
    node.deferred = Promise.withResolvers<unknown>();
    if (node.isSettled) settlePromise(node, node.deferred);
  }
  return node.deferred.promise;
}

/** The promise of a node's outcome, which never rejects; made when somebody first asks. */
export function outcomePromiseOf(node: ScopeNode): Promise<Outcome<unknown>> {
  const extras = node.ensureExtras();
  if (extras.outcome === undefined) {
    extras.outcome = Promise.withResolvers<unknown>();
    if (node.isSettled) extras.outcome.resolve(outcomeOf(node));
  }
  return extras.outcome.promise as Promise<Outcome<unknown>>;
}

/** Settles the promise of a settled node. */
export function settlePromise(node: ScopeNode, deferred: Deferred): void {
  const outcome = outcomeOf(node);
  if (outcome.state === "succeeded") deferred.resolve(outcome.value);
  else {deferred.reject(
      outcome.state === "canceled" ? outcome.reason : outcome.error,
    );}
}
