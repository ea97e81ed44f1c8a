/**
 * How a node ended, for whoever asks; and what counts as cancellation rather than failure (G6).
 *
 * @module
 */
import { DeadlineExceededError, ScopeError } from "./errors.ts";
import * as Flag from "./flags.ts";
import type { Outcome } from "./observer.ts";
import type { Cancellation, ScopeNode } from "./scope_node.ts";

const DEEPEST_CAUSE = 64;

/**
 * Whether an error that came out of a canceled node is its cancellation: the reason itself, an error caused by it, or
 * what an aborted call throws. An aggregate is one only if every error in it is.
 */
export function isCancellation(cancellation: { readonly reason: unknown } | undefined, error: unknown): boolean {
  try {
    return cancellation !== undefined && stemsFrom(cancellation.reason, error, DEEPEST_CAUSE);
  } catch {
    return false; // an error that cannot even be looked at is one
  }
}

function stemsFrom(reason: unknown, error: unknown, depth: number): boolean {
  if (error === reason) return true;
  if (error instanceof DeadlineExceededError) return false; // another deadline is never a silent end (G8)
  if (depth === 0 || Object(error) !== error) return false;
  const { name, errors, cause } = error as { name?: unknown; errors?: unknown; cause?: unknown };
  // Clients wrap the AbortError of an aborted call; a time limit behind an error is what failed.
  if (name === "AbortError" || (name === "TimeoutError" && depth === DEEPEST_CAUSE)) return true;
  const isOne = (each: unknown) => stemsFrom(reason, each, depth - 1);
  return Array.isArray(errors) && errors.length > 0 ? errors.every(isOne) : cause !== undefined && isOne(cause);
}

/** What a failed or abandoned node fails with (G5). */
export function failureOf(node: ScopeNode): unknown {
  const failures = node.failures as unknown[];
  if (!node.is(Flag.AGGREGATE)) return failures[0];
  if (node.is(Flag.SETTLED) && node.value instanceof ScopeError) return node.value; // one object, whoever asks
  const message = `The scope "${node.path}" failed with ${failures.length} error(s)`;
  const error = new ScopeError(failures, message, { cause: failures[0] });
  if (node.is(Flag.SETTLED)) node.value = error;
  return error;
}

/** The outcome of a settled node. */
export function outcomeOf(node: ScopeNode): Outcome<unknown> {
  const { cancellation, taskState: state } = node;
  if (state === "canceled") return canceled(cancellation as Cancellation);
  if (state === "succeeded") return { state, value: node.value, late: node.is(Flag.LATE) };
  return { state: state as "failed" | "abandoned", error: failureOf(node) };
}

/** The outcome of what ended by cancellation. */
export function canceled({ reason, info }: Cancellation): Outcome<never> {
  return { state: "canceled", reason, ...info };
}

/** The promise of a node's value; made when somebody first asks. */
export function promiseOf(node: ScopeNode): Promise<unknown> {
  return node.promise ??= new Promise((resolve, reject) => { // Promise.withResolvers takes longer
    const settle = () => {
      const state = node.taskState;
      if (state === "succeeded") resolve(node.value);
      else reject(state === "canceled" ? node.cancellation?.reason : failureOf(node));
    };
    if (node.is(Flag.SETTLED)) settle();
    else node.settle = settle;
  });
}

/** The promise of a node's outcome, which never rejects. */
export function outcomePromiseOf(node: ScopeNode): Promise<Outcome<unknown>> {
  return node.ensureExtras().outcome ??= new Promise((resolve) => {
    if (node.is(Flag.SETTLED)) resolve(outcomeOf(node));
    else node.onSettled(() => resolve(outcomeOf(node)));
  });
}
