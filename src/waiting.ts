/**
 * Waiting that ends when a scope is canceled: `abortable` and `sleep`.
 *
 * @module
 */
import { ScopeClosedError } from "./errors.ts";
import { notify, type TaskInfo } from "./observer.ts";
import { Flag, type ScopeNode } from "./scope_tree.ts";
import { isCancellation } from "./outcome.ts";

function ignore(): void {}

/** Stops waiting for a promise when the node is canceled. */
export function abortable<T>(node: ScopeNode, promise: PromiseLike<T>): Promise<T> {
  if (node.isSettled && node.cancellation === undefined) return Promise.resolve(promise);
  const waiting = new Promise<T>((resolve, reject) => {
    const stop = onEnd(node, reject, () => waiting);
    promise.then((value) => {
      if (stop()) resolve(value);
    }, (error) => {
      if (stop()) reject(error);
      else tellLate(node, error);
    });
  });
  return waiting;
}

/** Waits for a time, at most until the node is canceled. */
export function sleep(node: ScopeNode, delay: number): Promise<void> {
  const { heap } = node.env;
  const waiting = new Promise<void>((resolve, reject) => {
    const entry = { at: Date.now() + delay, index: -1, due: () => void (stop() && resolve()) };
    const stop = onEnd(node, (reason) => {
      heap.remove(entry);
      reject(reason);
    }, () => waiting);
    if (node.cancellation === undefined && !node.isSettled) heap.add(entry);
  });
  return waiting;
}

/**
 * Has `reject` called when the node is canceled or ends; at once if that has happened.
 *
 * @param promise The promise that `reject` rejects; nobody may be awaiting it.
 * @returns What ends it; it returns whether it did, or was too late.
 */
function onEnd(node: ScopeNode, reject: (reason: unknown) => void, promise: () => Promise<unknown>): () => boolean {
  const extras = node.ensureExtras();
  let waiting = true;
  const hook = () => {
    waiting = false;
    if (node.cancellation !== undefined) node.flags |= Flag.SEEN; // whoever waits is told
    reject(node.cancellation === undefined ? closedError(node) : node.cancellation.reason);
    queueMicrotask(() => promise().catch(ignore)); // a forgotten wait must not end the process
  };
  if (node.cancellation !== undefined || node.isSettled) hook();
  else (extras.hooks ??= new Set()).add(hook);
  return () => {
    if (waiting) extras.hooks?.delete(hook);
    const wasWaiting = waiting;
    waiting = false;
    return wasWaiting;
  };
}

function closedError(node: ScopeNode): ScopeClosedError {
  return new ScopeClosedError(`Stopped waiting: the scope "${node.path}" has ended. Await what waits before its end`);
}

function tellLate(node: ScopeNode, error: unknown): void {
  const { observer } = node.env;
  if (
    observer === undefined || node.task === undefined ||
    isCancellation(node.cancellation, error)
  ) return;
  notify(observer, "onError", node.extras?.runner, error, {
    task: node.task as TaskInfo,
    phase: "after-abandon",
  });
}
