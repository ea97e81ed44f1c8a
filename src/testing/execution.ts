/**
 * Which invocation the code that runs now belongs to, and the timers it made.
 *
 * JavaScript cannot be killed from outside. What can be done: the timers of an invocation that has ended never fire, so
 * that code which waits for one stays where it is, `finally` blocks included. What waits for anything else goes on, and
 * is reported as lost.
 *
 * @module
 */
import { type AsyncStorage, asyncStorage } from "../async_storage.ts";

/** A timer that belongs to an invocation. */
export interface OwnedTimer {
  /** For reports. */
  readonly name: string;
  /** Clears the native timer. */
  stop(): void;
  /** Sets it again, for what is left of its time. */
  start(): void;
}

/** One invocation, as its code knows it. */
export class Execution {
  /** The timers that have not fired. */
  readonly timers = new Set<OwnedTimer>();
  #state: "running" | "frozen" | "ended" = "running";

  /** Whether its timers fire. */
  get state(): "running" | "frozen" | "ended" {
    return this.#state;
  }

  /** Stops the clock of its timers, not the wall clock: what is due meanwhile fires at once when it is thawed. */
  freeze(): void {
    if (this.#state !== "running") return;
    this.#state = "frozen";
    for (const timer of this.timers) timer.stop();
  }

  /** Goes on. */
  thaw(): void {
    if (this.#state !== "frozen") return;
    this.#state = "running";
    for (const timer of [...this.timers]) timer.start();
  }

  /** No timer of it fires any more. */
  end(): void {
    this.#state = "ended";
    for (const timer of this.timers) timer.stop();
    this.timers.clear();
  }
}

let storage: AsyncStorage<Execution | undefined> | undefined; // made by the first host; the runtime keeps one as long as the process

/**
 * Switches AsyncLocalStorage on.
 *
 * @throws {TypeError} If there is none here.
 */
export function assertAsyncContext(what: string): void {
  storage ??= asyncStorage();
  if (!storage) throw new TypeError(`${what}: it needs AsyncLocalStorage, as Deno, Bun and Node 22 have it`);
}

/** The invocation that the code which runs now belongs to; `undefined` for the test itself. */
export function currentExecution(): Execution | undefined {
  return storage?.getStore();
}

/** Calls a function as code of an invocation, or, with `undefined`, of the test. */
export function enter<T>(execution: Execution | undefined, fn: () => T): T {
  return storage ? storage.run(execution, fn) : fn();
}
