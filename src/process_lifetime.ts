/**
 * The host that is a plain process: a registry of what is pending, and a bounded drain.
 *
 * @module
 */
import { CancelReason } from "./errors.ts";
import { type Deadline, DeadlineHeap, parseDeadline } from "./deadline.ts";
import { type Lifetime, type OwnedTask, owners } from "./lifetime.ts";
import type { ScopeTree } from "./observer.ts";
import { assertNumber, assertOptions, isThenable, wrong } from "./validate.ts";

/** How a drain went. */
export interface DrainReport {
  /** How many ended before they had to be canceled. */
  readonly completed: number;
  /** How many were canceled because time ran out. */
  readonly canceled: number;
  /** How many had not ended when the drain's deadline came. */
  readonly pending: number;
}

/** Options of {@linkcode ProcessLifetime.drain}. */
export interface DrainOptions {
  /** When the drain is over at the latest. */
  readonly deadline: Deadline;
  /**
   * How long before `deadline` the tasks that still run are canceled, in milliseconds.
   *
   * @default 1000, but at most a quarter of the time there is
   */
  readonly margin?: number;
}

interface Drain {
  completed: number;
  canceled: number;
  /** One that was pending is not any more. */
  settled(): void;
}

const MARGIN = 1_000;

/**
 * The lifetime of a plain process (Deno, Bun, Node): a registry of what is pending, and a bounded drain. Made by
 * {@linkcode processLifetime}.
 */
export class ProcessLifetime implements Lifetime {
  readonly #heap = new DeadlineHeap();
  readonly #owned = new Set<OwnedTask>();
  readonly #drains = new Set<Drain>();
  #closing = new AbortController();
  #deadline: Date | undefined;
  #pending = 0;

  /** Use {@linkcode processLifetime}. */
  constructor() {
    owners.set(this, (task) => {
      this.#owned.add(task);
      return () => this.#owned.delete(task);
    });
  }

  /** How many promises and detached tasks are pending. */
  get pending(): number {
    return this.#pending;
  }

  /** The end of the drain, once it has canceled what did not fit; `undefined` at all other times. */
  get deadline(): Date | undefined {
    return this.#deadline;
  }

  /** Aborts, with a reason of kind `shutdown`, when a drain cancels what did not fit. A new one after the drain. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /**
   * Registers work: a drain waits for it. A promise alone keeps no process alive; the timer or socket behind it does.
   *
   * @param work A promise; a rejection is reported with `console.error`.
   * @throws {TypeError} If `work` is not a promise.
   */
  waitUntil(work: Promise<unknown>): void {
    if (!isThenable(work)) throw wrong("Cannot wait", "a promise is needed", work);
    this.#pending++;
    const settled = () => {
      this.#pending--;
      for (const drain of this.#drains) drain.settled();
    };
    work.then(settled, (error) => {
      console.error("TaskScope: waitUntil failed:", error);
      settled();
    });
  }

  /** The live trees of the detached tasks. */
  tree(): readonly ScopeTree[] {
    return Array.from(this.#owned, (task) => task.tree());
  }

  /**
   * Cancels every detached task. Does not wait; `drain` does.
   *
   * @param reason What their signals abort with; by default a `CancelReason` of kind `canceled`.
   */
  cancel(reason?: unknown): void {
    for (const task of this.#owned) task.cancel(reason);
  }

  /**
   * Waits until nothing is pending, also for tasks added meanwhile, and at most until the deadline; shortly before it,
   * cancels what still runs for a reason of kind `shutdown`. The lifetime can be used again afterwards.
   *
   * @param options The deadline, in which the drain has to end.
   * @returns What became of the tasks.
   * @throws {TypeError} If the deadline is missing or has the wrong shape.
   * @throws {RangeError} If the deadline or the margin is out of range.
   */
  async drain(options: DrainOptions): Promise<DrainReport> {
    const what = "Cannot drain";
    assertOptions(options, ["deadline", "margin"], what);
    const now = Date.now();
    const at = parseDeadline(options.deadline, now, what);
    const { margin = Math.min(MARGIN, Math.max(0, at - now) / 4) } = options;
    assertNumber(margin, "margin", what);
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const drain: Drain = {
      completed: 0,
      canceled: 0,
      settled: () => {
        if (drain.canceled === 0) drain.completed++;
        // A turn later: what ended may hand on the next piece of work.
        if (this.#pending === 0) this.#heap.add(0, () => this.#pending === 0 && resolve());
      },
    };
    if (this.#pending > 0) {
      const entries = [
        this.#heap.add(at - margin, () => this.#cutOff(at)),
        this.#heap.add(at, resolve),
      ];
      this.#drains.add(drain);
      await over;
      this.#drains.delete(drain);
      for (const entry of entries) this.#heap.remove(entry);
      if (this.#drains.size === 0 && this.closing.aborted) {
        this.#closing = new AbortController();
        this.#deadline = undefined;
      }
    }
    return { completed: drain.completed, canceled: drain.canceled, pending: this.#pending };
  }

  #cutOff(end: number): void {
    for (const drain of this.#drains) drain.canceled ||= this.#pending; // one that drains longer cannot save them
    this.#deadline = new Date(end);
    const message = "The process is shutting down";
    this.#closing.abort(new CancelReason("shutdown", "process", message));
  }
}

let current: ProcessLifetime | undefined; // for the life of the process

/** The one lifetime of this process. */
export function theProcess(): ProcessLifetime {
  return current ??= new ProcessLifetime();
}

interface Globals {
  readonly Deno?: unknown;
  readonly Bun?: unknown;
  readonly EdgeRuntime?: unknown;
  readonly navigator?: { readonly userAgent?: string };
  readonly process?: { readonly versions?: { readonly node?: string } };
}

/** The lifetime of a scope that was given none: the process, where this surely is one. */
export function defaultLifetime(): Lifetime | undefined {
  const { Deno, Bun, EdgeRuntime, navigator, process } = globalThis as Globals;
  if (EdgeRuntime !== undefined || navigator?.userAgent === "Cloudflare-Workers") return undefined;
  return Deno ?? Bun ?? process?.versions?.node ? theProcess() : undefined;
}
