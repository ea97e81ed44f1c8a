/**
 * Standard signals at the edge: following foreign ones in, composing one for a single call out. The only place that
 * adds an event listener or calls `AbortSignal.any` and `AbortSignal.timeout`.
 *
 * Invariants of a hub:
 * 1. One hub for a foreign signal, for that signal's life; one listener in all, there only while somebody follows.
 * 2. The listener sits on a private composition where the runtime has `AbortSignal.any`: foreign code can neither forge
 *    an event on it nor stop one from reaching it (G14).
 * 3. Whoever follows is told exactly once, and only when the foreign signal really is aborted (G14).
 *
 * @module
 */
import { show } from "./validate.ts";

/** Somebody who wants to know when a foreign signal aborts. */
export interface Follower {
  /** Called at most once, when `signal` has aborted. */
  foreignAborted(signal: AbortSignal): void;
}

/** A follower's place in the list of a hub. */
export class Subscription {
  previous: Subscription | undefined;
  next: Subscription | undefined;
  readonly #hub: Hub;
  readonly follower: Follower;

  constructor(hub: Hub, follower: Follower) {
    this.#hub = hub;
    this.follower = follower;
  }

  /** Ends the subscription; a second call does nothing. */
  release(): void {
    this.#hub.remove(this);
  }
}

class Hub {
  readonly #foreign: AbortSignal;
  readonly #observed: AbortSignal;
  #first: Subscription | undefined;
  readonly #listener = () => this.#aborted();

  constructor(foreign: AbortSignal) {
    this.#foreign = foreign;
    this.#observed = privateCopy(foreign); // invariant 2
  }

  add(follower: Follower): Subscription {
    const subscription = new Subscription(this, follower);
    if (this.#first === undefined) {
      this.#observed.addEventListener("abort", this.#listener); // invariant 1
    } else {
      this.#first.previous = subscription;
      subscription.next = this.#first;
    }
    this.#first = subscription;
    return subscription;
  }

  remove(subscription: Subscription): void {
    const { previous, next } = subscription;
    if (previous === undefined && this.#first !== subscription) return; // released before
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    subscription.previous = subscription.next = undefined;
    if (this.#first === undefined) this.#observed.removeEventListener("abort", this.#listener);
  }

  #aborted(): void {
    if (!this.#foreign.aborted) return; // a forged event, where invariant 2 had no AbortSignal.any to rest on
    let subscription: Subscription | undefined;
    while ((subscription = this.#first) !== undefined) {
      this.remove(subscription); // invariant 3
      subscription.follower.foreignAborted(this.#foreign);
    }
  }
}

const hubs = new WeakMap<AbortSignal, Hub>();

/**
 * Follows a foreign signal that has not aborted yet.
 *
 * @returns The subscription, to be released when the follower has ended.
 */
export function follow(signal: AbortSignal, follower: Follower): Subscription {
  let hub = hubs.get(signal);
  if (hub === undefined) hubs.set(signal, hub = new Hub(signal));
  return hub.add(follower);
}

function privateCopy(foreign: AbortSignal): AbortSignal {
  if (typeof AbortSignal.any !== "function") return foreign; // npm edge-runtime
  try {
    return AbortSignal.any([foreign]);
  } catch {
    return foreign; // a polyfilled signal, which no native composition takes
  }
}

/**
 * @throws {TypeError} If `value` is not an AbortSignal, nor looks like one.
 */
export function assertSignal(value: unknown, what: string): asserts value is AbortSignal {
  const signal = value as Partial<AbortSignal> | null | undefined;
  if (
    typeof signal !== "object" || signal === null ||
    typeof signal.aborted !== "boolean" ||
    typeof signal.addEventListener !== "function"
  ) {
    throw new TypeError(`${what}: signal must be an AbortSignal, got ${show(value)}`);
  }
}

/** The longest delay that every runtime's timers take. Above it, Node, Deno and Bun fire at once. */
export const LONGEST_DELAY = 2 ** 31 - 1;

// Node 24 loses the abort of a composition whose source was collected before `aborted` was read (nodejs/node#65995).
const sources = new WeakMap<AbortSignal, AbortSignal>();

/**
 * Composes `AbortSignal.any([signal, timeout])`.
 *
 * @param timeout A signal that aborts at the end of the time.
 */
export function composeSignals(signal: AbortSignal, timeout: AbortSignal): AbortSignal {
  if (typeof AbortSignal.any === "function") {
    const composed = AbortSignal.any([signal, timeout]);
    sources.set(composed, timeout);
    return composed;
  }
  const controller = new AbortController();
  const relay = (event: Event) => {
    const source = event.currentTarget as AbortSignal;
    if (!source.aborted) return; // forged
    signal.removeEventListener("abort", relay);
    timeout.removeEventListener("abort", relay);
    controller.abort(source.reason);
  };
  const aborted = signal.aborted ? signal : timeout.aborted ? timeout : undefined;
  if (aborted !== undefined) controller.abort(aborted.reason);
  else {for (const source of [signal, timeout]) {
      source.addEventListener("abort", relay);
    }}
  return controller.signal;
}

/**
 * `AbortSignal.timeout`, for a delay that the native one takes.
 *
 * @param delay In milliseconds, at most {@linkcode LONGEST_DELAY}.
 */
export function nativeTimeout(delay: number): AbortSignal {
  return AbortSignal.timeout(Math.ceil(delay)); // Node refuses fractions
}
