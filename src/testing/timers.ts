/**
 * Timers that know their invocation: in place of the global ones, on top of whatever those are. FakeTime assigns its own
 * and takes them away again and again, so these stay in front of what is assigned.
 *
 * @module
 */
import { currentExecution, enter, type Execution, type OwnedTimer } from "./execution.ts";

type Callback = (...args: unknown[]) => unknown;
type Handle = ReturnType<typeof setTimeout>;
interface Native {
  readonly set: (callback: Callback, delay?: number, ...args: unknown[]) => Handle;
  readonly clear: (handle: Handle | undefined) => void;
}

/**
 * Installs them.
 *
 * @returns What uninstalls them.
 */
export function installTimers(): () => void {
  const timers = new Map<unknown, Timer>();
  const under = {
    setTimeout: globalThis.setTimeout as Native["set"],
    clearTimeout: globalThis.clearTimeout as Native["clear"],
    setInterval: globalThis.setInterval as Native["set"],
    clearInterval: globalThis.clearInterval as Native["clear"],
  };
  const before = { ...under };
  const set = (native: Native, repeats: boolean, callback: Callback, delay: number, args: unknown[]): Handle => {
    const execution = currentExecution();
    if (!execution || typeof callback !== "function") return native.set(callback, delay, ...args);
    const timer = new Timer(execution, native, repeats, delay, () => callback(...args));
    timer.forget = () => timers.delete(timer.handle);
    timers.set(timer.handle, timer);
    return timer.handle;
  };
  const over: typeof under = {
    setTimeout: (callback, delay = 0, ...args) =>
      set({ set: under.setTimeout, clear: under.clearTimeout }, false, callback, delay, args),
    setInterval: (callback, delay = 0, ...args) =>
      set({ set: under.setInterval, clear: under.clearInterval }, true, callback, delay, args),
    clearTimeout: (handle) => timers.get(handle)?.clear() ?? under.clearTimeout(handle),
    clearInterval: (handle) => timers.get(handle)?.clear() ?? under.clearInterval(handle),
  };
  const names = Object.keys(under) as (keyof typeof under)[];
  for (const name of names) {
    // Other fake timers put back what they found when they came: these.
    const put = (value: never) => void (under[name] = value === over[name] ? before[name] as never : value);
    const accessors = { get: () => over[name], set: put };
    Object.defineProperty(globalThis, name, { ...accessors, configurable: true, enumerable: true });
  }
  return () => {
    for (const name of names) {
      const value = under[name];
      Object.defineProperty(globalThis, name, { value, configurable: true, enumerable: true, writable: true });
    }
    Object.assign(under, before); // for those who put these back later
  };
}

class Timer implements OwnedTimer {
  readonly name: string;
  /** What the code that made it holds; after a thaw, the native timer is another. */
  readonly handle: Handle;
  forget: () => void = () => {};
  readonly #execution: Execution;
  readonly #native: Native;
  readonly #delay: number;
  readonly #repeats: boolean;
  readonly #fire: () => void;
  #due: number;
  #current: Handle | undefined;

  constructor(execution: Execution, native: Native, repeats: boolean, delay: number, callback: () => unknown) {
    this.name = `a timer of ${delay} ms`;
    this.#execution = execution;
    this.#native = native;
    this.#delay = delay;
    this.#repeats = repeats;
    this.#due = Date.now() + delay;
    this.#fire = () => {
      if (!repeats) this.clear();
      enter(execution, callback);
    };
    // Made by code of an invocation that has ended: it would never have run.
    if (execution.state !== "ended") execution.timers.add(this);
    this.handle = this.#current = native.set(this.#fire, delay);
    if (execution.state !== "running") this.stop();
  }

  /** Returns `true`, for the caller to see that there was one. */
  clear(): true {
    this.stop();
    this.#execution.timers.delete(this);
    this.forget();
    return true;
  }

  stop(): void {
    this.#native.clear(this.#current);
  }

  start(): void {
    const delay = this.#repeats ? this.#delay : Math.max(0, this.#due - Date.now());
    this.#current = this.#native.set(this.#fire, delay);
  }
}
