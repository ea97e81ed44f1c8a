/**
 * Waiting that ends when a scope is canceled: `abortable` and `sleep`.
 *
 * @module
 */
import { ScopeClosedError } from "./errors.ts";
import type { ScopeNode } from "./scope_node.ts";
import { isCancellation } from "./outcome.ts";
import { runHooks } from "./cancellation.ts";
import { noteRead, report } from "./failure.ts";

/**
 * Stops waiting for a promise when the node is canceled or ends.
 *
 * @param release Called then.
 */
export function abortable<T>(node: ScopeNode, promise: PromiseLike<T>, release?: () => void): Promise<T> {
  if (!release && node.isSettled && !node.cancellation) return Promise.resolve(promise); // nothing will cancel it
  const { promise: waiting, resolve, reject } = Promise.withResolvers<T>();
  const hooks = node.ensureExtras().hooks ??= new Set();
  const hook = () => {
    release?.();
    waiting.catch(() => {}); // a forgotten wait must not end the process
    const reason = node.cancellation ? node.cancellation.reason : closedError(node);
    noteRead(node, reason);
    reject(reason);
  };
  hooks.add(hook);
  promise.then((value) => {
    hooks.delete(hook);
    resolve(value);
  }, (error) => {
    if (hooks.delete(hook)) reject(error);
    else if (!isCancellation(node.cancellation, error)) report(node, error, "after-abandon");
  });
  if (node.cancellation || node.isSettled) runHooks(node);
  return waiting;
}

/** Waits for a time, at most until the node is canceled. */
export function sleep(node: ScopeNode, delay: number): Promise<void> {
  const { heap } = node.env;
  const { promise, resolve } = Promise.withResolvers<void>();
  const entry = heap.add(Date.now() + delay, resolve);
  return abortable(node, promise, () => heap.remove(entry));
}

function closedError(node: ScopeNode): ScopeClosedError {
  return new ScopeClosedError(`Stopped waiting: the scope "${node.path}" has ended. Await it before`);
}
