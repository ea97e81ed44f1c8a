/**
 * What keeps the code alive: the port to the host, and the host that is a plain process.
 *
 * @module
 */
import { CancelReason } from "./errors.ts";
import { type Deadline, DeadlineHeap, parseDeadline } from "./deadline.ts";
import type { ScopeTree } from "./observer.ts";
import { assertFunction, assertNumber, assertOneOf, assertOptions, isThenable, wrong } from "./validate.ts";

/**
 * The host, as far as detached work is concerned. Anything with `waitUntil` is a lifetime: `ctx` on Cloudflare,
 * `context` on Netlify, the event in a service worker.
 */
export interface Lifetime {
  /** Keeps the host alive until `work` has settled. Called with promises that always fulfill. */
  waitUntil(work: Promise<unknown>): unknown;
  /** The last moment detached work may run, if known. It may move; it is read again while tasks run. */
  readonly deadline?: Date | undefined;
  /** Aborts shortly before the host ends. */
  readonly closing?: AbortSignal | undefined;
  /** Where `deadline` comes from, for error messages. */
  readonly source?: string | undefined;
}

/**
 * @throws {TypeError} If `value` has no `waitUntil` function.
 */
export function assertLifetime(value: unknown, what: string): asserts value is Lifetime {
  const { waitUntil, deadline } = Object(value) as Partial<Lifetime>;
  if (typeof waitUntil !== "function") throw wrong(what, "lifetime needs a waitUntil function, as ctx has", value);
  if (deadline && !(deadline instanceof Date)) throw wrong(what, "the deadline of a lifetime must be a Date", deadline);
}

/** The end of a lifetime, in milliseconds since 1970; Infinity if it is not known. */
export function endOf(lifetime: Lifetime | undefined): number {
  const end = Number(lifetime?.deadline ?? Infinity);
  return Number.isNaN(end) ? Infinity : end;
}

/** What a lifetime that lists and cancels its tasks is given of one. */
export interface OwnedTask {
  tree(): ScopeTree;
  cancel(reason: unknown): void;
}

/** The lifetimes that own their tasks: each is told of a detached task, and returns what ends the ownership. */
export const owners = new WeakMap<Lifetime, (task: OwnedTask) => () => void>();

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

/** The signals a {@linkcode ProcessLifetime} can handle. */
export type ShutdownSignal = "SIGTERM" | "SIGINT";

/** Options of {@linkcode processLifetime}. */
export interface ProcessLifetimeOptions {
  /**
   * On these signals: drain, then end the process.
   *
   * @default [] none: the process ends at once, as the runtime has it
   */
  readonly signals?: readonly ShutdownSignal[];
  /**
   * How long the drain after a signal may take.
   *
   * @default 10 seconds, as Cloud Run gives
   */
  readonly drain?: Deadline;
  /** Is told how the drain after a signal went, before the process ends. */
  readonly onDrained?: (report: DrainReport) => void;
  /**
   * Whether to end the process after the drain, with the exit code the signal would have had (143, 130).
   *
   * @default true
   */
  readonly exit?: boolean;
}

interface Drain {
  completed: number;
  canceled: number;
  /** One that was pending is not any more. */
  settled(): void;
}

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 };
const MARGIN = 1_000;

/**
 * The lifetime of a plain process (Deno, Bun, Node): a registry of what is pending, and a bounded drain. Made by
 * {@linkcode processLifetime}.
 */
export class ProcessLifetime implements Lifetime {
  readonly #heap = new DeadlineHeap();
  readonly #owned = new Set<OwnedTask>();
  readonly #drains = new Set<Drain>();
  readonly #handled = new Set<ShutdownSignal>();
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

  /** Handles signals of the host; see {@linkcode ProcessLifetimeOptions}. */
  handle({ signals = [], drain = 10_000, exit = true, onDrained }: ProcessLifetimeOptions): void {
    const { process } = globalThis as Globals;
    for (const signal of signals) {
      if (this.#handled.has(signal)) continue;
      this.#handled.add(signal);
      const end = () => exit && process?.exit?.(EXIT_CODES[signal]);
      let handle = () => {
        handle = end; // a second signal means: now
        const deadline = parseDeadline(drain, Date.now(), "Cannot drain");
        // A turn later: what other listeners of this signal give to waitUntil is waited for, too.
        this.#heap.add(0, () => {
          void this.drain({ deadline: new Date(deadline) }).then(onDrained).catch(console.error).finally(end);
        });
      };
      process?.on?.(signal, () => handle());
    }
  }
}

interface Globals {
  readonly Deno?: unknown;
  readonly Bun?: unknown;
  readonly EdgeRuntime?: unknown;
  readonly navigator?: { readonly userAgent?: string };
  readonly process?: {
    readonly versions?: { readonly node?: string };
    on?(signal: string, listener: () => void): unknown;
    exit?(code: number): void;
  };
}

let current: ProcessLifetime | undefined; // for the life of the process

/**
 * The lifetime of this process: the one that scopes without a `lifetime` option use. Each call returns the same one.
 *
 * @param options Signals to handle; without them, none is.
 * @returns The one lifetime of the process.
 * @throws {TypeError} If an option is unknown or of the wrong type.
 *
 * @example Wait for detached work before the process ends
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { processLifetime, TaskScope } from "@taskscope/taskscope";
 *
 * let written = false;
 * await TaskScope.run((scope) => {
 *   scope.spawnDetached(() => void (written = true), { deadline: { seconds: 5 } });
 * });
 * const report = await processLifetime().drain({ deadline: { seconds: 10 } });
 * assertEquals([written, report.pending], [true, 0]);
 * ```
 */
export function processLifetime(options: ProcessLifetimeOptions = {}): ProcessLifetime {
  const what = "Cannot make a lifetime";
  assertOptions(options, ["signals", "drain", "exit", "onDrained"], what);
  if (options.onDrained !== undefined) assertFunction(options.onDrained, `${what}: onDrained`);
  for (const signal of options.signals ?? []) assertOneOf(signal, ["SIGTERM", "SIGINT"], "a signal", what);
  if (options.drain !== undefined) parseDeadline(options.drain, Date.now(), what);
  current ??= new ProcessLifetime();
  current.handle(options);
  return current;
}

/** The lifetime of a scope that was given none: the process, where this surely is one. */
export function defaultLifetime(): Lifetime | undefined {
  const { Deno, Bun, EdgeRuntime, navigator, process } = globalThis as Globals;
  if (EdgeRuntime !== undefined || navigator?.userAgent === "Cloudflare-Workers") return undefined;
  return Deno ?? Bun ?? process?.versions?.node ? processLifetime() : undefined;
}
