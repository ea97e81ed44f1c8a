/**
 * Waiting that ends when a scope is canceled: `abortable` and `sleep`.
 *
 * @module
 */
import * as Flag from "./flags.ts";
import { type Extras, ScopeNode } from "./scope_node.ts";
import { runHooks } from "./cancellation.ts";
import { closedError, isNews, noteRead, report } from "./failure.ts";

/**
 * Stops waiting for a promise when the node is canceled or ends.
 *
 * @param release Called then.
 */
export function abortable<T>(node: ScopeNode, promise: PromiseLike<T>, release?: () => void): Promise<T> {
  if (!release && node.is(Flag.SETTLED) && !node.cancellation) return Promise.resolve(promise); // nothing will cancel it
  const { promise: waiting, resolve, reject } = Promise.withResolvers<T>();
  const hooks = node.ensureExtras().hooks ??= new Set();
  const wait: Wait<T> = {
    fulfilled(value) {
      hooks.delete(hook);
      resolve(value);
    },
    rejected(error) {
      hooks.delete(hook);
      reject(error);
    },
  };
  const hook = () => {
    release?.();
    waiting.catch(() => {}); // a forgotten wait must not end the process
    const reason = node.cancellation ? node.cancellation.reason : closedError(node, "Stopped waiting");
    noteRead(node, reason);
    reject(reason);
    wait.fulfilled = ignore;
    wait.rejected = release ? ignore : lateErrors(node);
  };
  hooks.add(hook);
  listen(promise, wait);
  if (node.cancellation || node.is(Flag.SETTLED)) runHooks(node);
  return waiting;
}

/** What a promise calls; replaced when the wait is over. */
interface Wait<T> {
  fulfilled(value: T): void;
  rejected(error: unknown): void;
}

// Functions of their own: a promise that never settles keeps all that is in scope where they are made (G13).

function ignore(): void {}

function listen<T>(promise: PromiseLike<T>, wait: Wait<T>): void {
  promise.then((value) => wait.fulfilled(value), (error) => wait.rejected(error));
}

/** Tells of errors that come when the wait is over (G5), without keeping the scope that waited. */
function lateErrors(node: ScopeNode): (error: unknown) => void {
  const trace = new ScopeNode(undefined, node.env, node.flags, node.name, 0, undefined);
  trace.extras = { prefix: node.parent?.path ?? node.extras?.prefix } as Extras; // one for each wait: no more than that
  const { cancellation } = node;
  const isNews = cancellation &&
    (cancellation.isNews ??= newsAfter(weakly(cancellation.reason), new WeakRef(cancellation.origin)));
  return (error) => isNews?.(error) !== false && report(trace, error, "after-abandon");
}

/** Whether an error is neither the cancellation nor a failure that surfaces; one for all waits that it ends. */
function newsAfter(reason: () => unknown, origin: WeakRef<ScopeNode>): (error: unknown) => boolean {
  return (error) => isNews({ reason: reason(), origin: origin.deref() }, error);
}

/** An error keeps the functions on its stack, and all they see: an object is only held while somebody else does. */
function weakly(value: unknown): () => unknown {
  if (Object(value) !== value) return () => value;
  const weak = new WeakRef(value as object);
  return weak.deref.bind(weak);
}

/** Waits for a time, at most until the node is canceled. */
export function sleep(node: ScopeNode, delay: number): Promise<void> {
  const { heap } = node.env;
  const { promise, resolve } = Promise.withResolvers<void>();
  const entry = heap.add(Date.now() + delay, resolve);
  return abortable(node, promise, () => heap.remove(entry));
}

/** A wait for a time that may end early. */
export interface Pause {
  /** Rejects with the reason when the node is canceled. */
  readonly over: Promise<void>;
  end(): void;
}

/** As `sleep`, but whoever does not need the rest of it can end it. */
export function pause(node: ScopeNode, delay: number): Pause {
  const { heap } = node.env;
  const { promise, resolve } = Promise.withResolvers<void>();
  const entry = heap.add(Date.now() + delay, resolve);
  const release = () => heap.remove(entry);
  const end = () => {
    release();
    resolve();
  };
  return { over: abortable(node, promise, release), end };
}
