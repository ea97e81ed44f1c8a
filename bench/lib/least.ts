/**
 * The least that a scope can be: what G1, G2, G4, G7 and G8 need and nothing else. A tree, handles, cancellation that
 * reaches all below, signals made when read, one timer for all deadlines, detached tasks that a host holds. No names,
 * checks, reasons, limits, grace, shields, cleanup, counters, context values, observers or states: what those cost is
 * the difference to TaskScope.
 */

type Body = (scope: LeastScope) => unknown;

interface Limit {
  readonly at: number;
  readonly node: Node;
}

/** Many deadlines, one timer. */
class Limits {
  readonly #limits: Limit[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wakesAt = Infinity;

  add(node: Node, at: number): Limit {
    const limit = { at, node };
    this.#limits.push(limit);
    if (at < this.#wakesAt) this.#arm(at);
    return limit;
  }

  remove(limit: Limit): void {
    const last = this.#limits.pop();
    if (last && last !== limit) this.#limits[this.#limits.indexOf(limit)] = last;
    if (this.#limits.length === 0) this.#arm(Infinity);
  }

  #arm(at: number): void {
    clearTimeout(this.#timer);
    this.#wakesAt = at;
    if (at !== Infinity) this.#timer = setTimeout(() => this.#wake(), at - Date.now());
  }

  #wake(): void {
    const now = Date.now();
    for (const { at, node } of this.#limits) if (at <= now) cancel(node, new DOMException("", "TimeoutError"));
    this.#arm(Math.min(...this.#limits.map(({ at }) => at).filter((at) => at > now)));
  }
}

class Node {
  readonly parent: Node | undefined;
  readonly limits: Limits;
  previous: Node | undefined;
  next: Node | undefined;
  last: Node | undefined; // of its children
  body: Body | undefined;
  live = 1; // its function and its children
  error: unknown;
  isFailed = false;
  reason: unknown;
  isCanceled = false;
  value: unknown;
  limit: Limit | undefined;
  controller: AbortController | undefined;
  deferred: PromiseWithResolvers<unknown> | undefined;
  release: (() => void) | undefined;
  scope: LeastScope | undefined;

  constructor(parent: Node | undefined, limits: Limits, body: Body) {
    this.parent = parent;
    this.limits = limits;
    this.body = body;
    this.scope = new LeastScope(this);
  }
}

export class LeastTask {
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
  }

  then<A, B>(onFulfilled?: (value: unknown) => A, onRejected?: (reason: unknown) => B): Promise<A | B> {
    return promiseOf(this.#node).then(onFulfilled, onRejected);
  }
}

export interface LeastOptions {
  readonly signal?: AbortSignal;
  readonly deadline?: number;
}

export class LeastScope {
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
  }

  static run(body: Body, { signal, deadline }: LeastOptions = {}): Promise<unknown> {
    const node = new Node(undefined, new Limits(), body);
    if (deadline !== undefined) node.limit = node.limits.add(node, Date.now() + deadline);
    if (signal) {
      const aborted = () => cancel(node, signal.reason);
      signal.addEventListener("abort", aborted);
      node.release = () => signal.removeEventListener("abort", aborted);
    }
    const promise = promiseOf(node);
    start(node);
    return promise;
  }

  get signal(): AbortSignal {
    const node = this.#node;
    if (!node.controller) {
      node.controller = new AbortController();
      if (node.isCanceled) node.controller.abort(node.reason);
    }
    return node.controller.signal;
  }

  spawn(body: Body): LeastTask {
    const parent = this.#node;
    const node = new Node(parent, parent.limits, body);
    node.previous = parent.last;
    if (parent.last) parent.last.next = node;
    parent.last = node;
    parent.live++;
    READY.then(() => start(node));
    return new LeastTask(node);
  }

  spawnDetached(body: Body, host: { waitUntil(work: Promise<unknown>): void }, deadline: number): LeastTask {
    const node = new Node(undefined, this.#node.limits, body);
    host.waitUntil(new Promise<void>((resolve) => node.release = resolve));
    node.limit = node.limits.add(node, Date.now() + deadline);
    READY.then(() => start(node));
    return new LeastTask(node);
  }
}

const READY = Promise.resolve();

function promiseOf(node: Node): Promise<unknown> {
  if (!node.deferred) {
    node.deferred = Promise.withResolvers();
    if (node.live === 0) settle(node, node.deferred);
  }
  return node.deferred.promise;
}

function start(node: Node): void {
  const { body, scope } = node;
  node.body = undefined;
  if (node.isCanceled || !body || !scope) return failed(node, node.reason);
  try {
    Promise.resolve(body(scope)).then((value) => ended(node, value), (error) => failed(node, error));
  } catch (error) {
    failed(node, error);
  }
}

function ended(node: Node, value: unknown): void {
  node.value = value;
  endIfReady(node);
}

function failed(node: Node, error: unknown): void {
  if (!node.isFailed) {
    node.isFailed = true;
    node.error = error;
    cancel(node, error);
  }
  endIfReady(node);
}

/** One thing less to wait for: ends the node, and those above that only waited for this. */
function endIfReady(first: Node): void {
  for (let node: Node | undefined = first; node; node = node.parent) {
    if (--node.live > 0) return;
    if (node.limit) node.limits.remove(node.limit);
    node.release?.();
    if (node.deferred) settle(node, node.deferred);
    const { parent, previous, next } = node;
    if (!parent) return;
    if (previous) previous.next = next;
    if (next) next.previous = previous;
    else parent.last = previous;
    if (node.isFailed && !parent.isFailed) {
      parent.isFailed = true;
      parent.error = node.error;
      cancel(parent, node.error);
    }
  }
}

function settle(node: Node, { resolve, reject }: PromiseWithResolvers<unknown>): void {
  if (node.isFailed) reject(node.error);
  else resolve(node.value);
}

function cancel(node: Node, reason: unknown): void {
  if (node.isCanceled || node.live === 0) return;
  node.isCanceled = true;
  node.reason = reason;
  for (let child = node.last; child; child = child.previous) cancel(child, reason);
  node.controller?.abort(reason);
}
