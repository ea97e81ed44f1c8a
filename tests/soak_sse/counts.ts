/** Counts timers and listeners of AbortSignals from outside; imported before the library, so that it misses none. */

const timers = new Set<unknown>();
let listeners = 0;

/** What is set and not cleared, fired or removed. */
export function counts(): { timers: number; abortListeners: number } {
  return { timers: timers.size, abortListeners: listeners };
}

const { setTimeout, clearTimeout } = globalThis;

globalThis.setTimeout = ((callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
  const id = setTimeout(() => {
    timers.delete(id);
    callback(...args);
  }, ms);
  timers.add(id);
  return id;
}) as typeof globalThis.setTimeout;

globalThis.clearTimeout = (id) => {
  if (id !== undefined) timers.delete(id);
  clearTimeout(id);
};

const { addEventListener, removeEventListener } = EventTarget.prototype;

EventTarget.prototype.addEventListener = function (type, listener, options) {
  if (this instanceof AbortSignal && type === "abort") listeners++;
  addEventListener.call(this, type, listener, options);
};

EventTarget.prototype.removeEventListener = function (type, listener, options) {
  if (this instanceof AbortSignal && type === "abort") listeners--;
  removeEventListener.call(this, type, listener, options);
};
