/**
 * Listening to calls for which the core has no event, by putting something around a method or getter of a prototype
 * while anybody listens. In development only.
 *
 * @module
 */

/**
 * Hears of a call that has returned. Must not throw.
 *
 * @param boundary The function that was called; what stands below it on the stack is the caller's.
 */
export type CallListener = (self: object, args: readonly unknown[], result: unknown, boundary: unknown) => void;

interface Point {
  readonly listeners: Set<CallListener>;
  readonly uninstall: () => void;
}

const points = new WeakMap<object, Map<string, Point>>();

/**
 * Listens to the calls of a method, or to the reads of a getter.
 *
 * @returns What ends it; with the last listener, the prototype is as it was.
 */
export function listenToCalls(target: object, key: string, listener: CallListener): () => void {
  const ofTarget = points.get(target) ?? new Map<string, Point>();
  points.set(target, ofTarget);
  const point = ofTarget.get(key) ?? install(target, key);
  ofTarget.set(key, point);
  point.listeners.add(listener);
  return () => {
    if (!point.listeners.delete(listener) || point.listeners.size > 0) return;
    ofTarget.delete(key);
    point.uninstall();
  };
}

function install(target: object, key: string): Point {
  const listeners = new Set<CallListener>();
  const original = Object.getOwnPropertyDescriptor(target, key) ?? {};
  const fn = original.get ?? original.value;
  function listened(this: object, ...args: unknown[]): unknown {
    const result = Reflect.apply(fn, this, args);
    for (const listener of listeners) listener(this, args, result, listened);
    return result;
  }
  const changed = original.get ? { ...original, get: listened } : { ...original, value: listened };
  const isInstalled = Reflect.defineProperty(target, key, changed); // not where prototypes are frozen
  const uninstall = () => {
    const { get, value } = Object.getOwnPropertyDescriptor(target, key) ?? {};
    // Whoever has put something around this in the meantime keeps it: without listeners it does nothing.
    if (isInstalled && (get ?? value) === listened) Object.defineProperty(target, key, original);
  };
  return { listeners, uninstall };
}
