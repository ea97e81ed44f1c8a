/**
 * Waiting that ends when a scope is canceled: `abortable` and `sleep`.
 *
 * @module
 */
import { ScopeClosedError } from "./errors.ts";
import type { ScopeNode } from "./scope_tree.ts";
import { isCancellation } from "./outcome.ts";
import { infoOf, tell } from "./notify.ts";
import { noteRead } from "./failure.ts";

/** Stops waiting for a promise when the node is canceled. */
export function abortable<T>(node: ScopeNode, promise: PromiseLike<T>): Promise<T> {
  if (node.isSettled && !node.cancellation) return Promise.resolve(promise);
  return waiting(node, (resolve, stop, reject) => {
    promise.then((value) => stop() && resolve(value), (error) => {
      if (stop()) reject(error);
      else if (!isCancellation(node.cancellation, error)) {
        tell(node, "onError", error, { task: infoOf(node), phase: "after-abandon" });
      }
    });
  });
}

/** Waits for a time, at most until the node is canceled. */
export function sleep(node: ScopeNode, delay: number): Promise<void> {
  const { heap } = node.env;
  return waiting(node, (resolve, stop) => {
    const entry = heap.add(Date.now() + delay, () => stop() && resolve());
    return () => heap.remove(entry);
  });
}

/**
 * A promise that rejects when the node is canceled or ends.
 *
 * @param begin Begins what is waited for. `stop` ends the link to the node; it returns whether that was in time. May
 * return what to do when the node is canceled first.
 */
function waiting<T>(
  node: ScopeNode,
  begin: (resolve: (value: T) => void, stop: () => boolean, reject: (error: unknown) => void) => (() => void) | void,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const extras = node.ensureExtras();
  let isWaiting = true;
  let release: (() => void) | void = undefined;
  const hook = () => {
    isWaiting = false;
    release?.();
    promise.catch(() => {}); // a forgotten wait must not end the process
    if (!node.cancellation) {
      return reject(new ScopeClosedError(`Stopped waiting: the scope "${node.path}" has ended. Await it before`));
    }
    noteRead(node, node.cancellation.reason);
    reject(node.cancellation.reason);
  };
  const stop = () => {
    const wasWaiting = isWaiting;
    isWaiting = false;
    extras.hooks?.delete(hook);
    return wasWaiting;
  };
  if (node.cancellation || node.isSettled) hook();
  else (extras.hooks ??= new Set()).add(hook);
  release = begin(resolve, stop, reject);
  if (!isWaiting) release?.();
  return promise;
}
