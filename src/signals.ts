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
import { wrong } from "./validate.ts";

/**
 * Called at most once, when `signal` has aborted. What it returns is called when all followers have been: so that what
 * one of them runs finds the others canceled.
 */
export type Follower = (signal: AbortSignal) => (() => void) | void;

/** What follows one foreign signal. */
interface Hub {
  add(follower: Follower): void;
  remove(follower: Follower): void;
}

function makeHub(foreign: AbortSignal): Hub {
  const followers = new Set<Follower>();
  const observed = privateCopy(foreign); // invariant 2
  const remove = (follower: Follower) => {
    if (followers.delete(follower) && followers.size === 0) observed.removeEventListener("abort", aborted);
  };
  const aborted = () => {
    if (!foreign.aborted) return; // a forged event, where invariant 2 had no AbortSignal.any to rest on
    const all = [...followers];
    all.forEach(remove); // invariant 3
    all.map((follower) => follower(foreign)).forEach((then) => then?.());
  };
  const add = (follower: Follower) => {
    if (followers.size === 0) observed.addEventListener("abort", aborted); // invariant 1
    followers.add(follower);
  };
  return { add, remove };
}

const hubs = new WeakMap<AbortSignal, Hub>();

/**
 * Follows a foreign signal; one that has aborted already is told at once.
 *
 * @param follower A function of its own for each call.
 * @returns What ends it.
 */
export function follow(signal: AbortSignal, follower: Follower): () => void {
  if (signal.aborted) {
    follower(signal)?.();
    return () => {};
  }
  let hub = hubs.get(signal);
  if (!hub) hubs.set(signal, hub = makeHub(signal));
  hub.add(follower);
  return () => hub.remove(follower);
}

function privateCopy(foreign: AbortSignal): AbortSignal {
  // Not in npm's edge-runtime; and Node 22 takes polyfilled signals without ever following them.
  const isNative = typeof AbortSignal.any === "function" && foreign instanceof AbortSignal;
  return isNative ? AbortSignal.any([foreign]) : foreign;
}

/**
 * @throws {TypeError} If `value` is not an AbortSignal, nor looks like one.
 */
export function assertSignal(value: unknown, what: string): asserts value is AbortSignal {
  const { aborted, addEventListener } = Object(value) as Partial<AbortSignal>;
  if (typeof aborted !== "boolean" || typeof addEventListener !== "function") {
    throw wrong(what, "signal must be an AbortSignal", value);
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
  for (const source of [signal, timeout]) follow(source, ({ reason }) => controller.abort(reason));
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

/**
 * Listens for one event of a host, such as `beforeunload`, once.
 *
 * @returns What ends the listening.
 */
export function onceEvent(target: EventTarget, type: string, listener: (event: Event) => void): () => void {
  const once = (event: Event) => {
    end();
    listener(event);
  };
  const end = () => target.removeEventListener(type, once);
  target.addEventListener(type, once);
  return end;
}
