/**
 * What keeps the code alive: the port to the host, and the host that is a plain process.
 *
 * @module
 */
import { CancelReason } from "./errors.ts";
import { type Deadline, DeadlineHeap, type HeapEntry, parseDeadline } from "./deadline.ts";
import type { ScopeTree } from "./observer.ts";
import { assertNumber, assertOneOf, assertOptions, show } from "./validate.ts";

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
  const lifetime = value as Partial<Lifetime> | null | undefined;
  if (
    lifetime === null || lifetime === undefined ||
    typeof lifetime.waitUntil !== "function"
  ) {
    throw new TypeError(
      `${what}: lifetime must have a waitUntil function, as ctx on Cloudflare has, got ${show(value)}`,
    );
  }
}

/** What a lifetime that lists and cancels its tasks is given of one. */
export interface OwnedTask {
  tree(): ScopeTree;
  cancel(reason: unknown): void;
}

/** A lifetime that has this method is told of each detached task; it returns what ends the ownership. */
export const OWN: unique symbol = Symbol("taskscope.own");

/** A lifetime that lists and cancels its tasks. */
export interface OwningLifetime extends Lifetime {
  [OWN](task: OwnedTask): () => void;
}

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
  /**
   * Whether to end the process after the drain, with the exit code the signal would have had (143, 130).
   *
   * @default true
   */
  readonly exit?: boolean;
}

interface HostProcess {
  on(signal: string, listener: () => void): unknown;
  exit(code: number): void;
}

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
const MARGIN = 1_000;

/**
 * The lifetime of a plain process (Deno, Bun, Node): a registry of what is pending, and a bounded drain. Made by
 * {@linkcode processLifetime}.
 */
export class ProcessLifetime implements OwningLifetime {
  readonly #heap = new DeadlineHeap();
  readonly #owned = new Set<OwnedTask>();
  readonly #drains = new Set<Drain>();
  readonly #signals = new Set<ShutdownSignal>();
  #closing: AbortController | undefined;
  #deadline: Date | undefined;
  #pending = 0;

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
    return (this.#closing ??= new AbortController()).signal;
  }

  /**
   * Registers work. A process that has work lives; a drain waits for it.
   *
   * @param work A promise; a rejection is reported with `console.error`.
   * @throws {TypeError} If `work` is not a promise.
   */
  waitUntil(work: Promise<unknown>): void {
    if (
      typeof (work as Partial<Promise<unknown>> | undefined)?.then !==
        "function"
    ) {
      throw new TypeError(`Cannot wait: waitUntil needs a promise, got ${show(work)}`);
    }
    this.#pending++;
    work.then(() => this.#settled(), (error) => {
      console.error("TaskScope: work given to waitUntil failed:", error);
      this.#settled();
    });
  }

  /** The live trees of the detached tasks. */
  tree(): readonly ScopeTree[] {
    return [...this.#owned].map((task) => task.tree());
  }

  /**
   * Cancels every detached task. Does not wait; `drain` does.
   *
   * @param reason The reason; by default a {@linkcode CancelReason} of kind `canceled`.
   */
  cancel(reason: unknown = new CancelReason("canceled", "process", "The process canceled its detached tasks")): void {
    for (const task of [...this.#owned]) task.cancel(reason);
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
    const margin = options.margin ?? Math.min(MARGIN, (at - now) / 4);
    if (options.margin !== undefined) assertNumber(margin, "margin", what);
    if (this.#pending === 0) return { completed: 0, canceled: 0, pending: 0 };
    const drain = new Drain(this.#heap, at, at - margin, () => this.#cutOff(at));
    this.#drains.add(drain);
    await drain.over;
    this.#drains.delete(drain);
    const report = { completed: drain.completed, canceled: drain.canceled, pending: this.#pending };
    if (this.#drains.size === 0) this.#closing = this.#deadline = undefined;
    return report;
  }

  /** Handles signals of the host; see {@linkcode ProcessLifetimeOptions}. */
  handle({ signals = [], drain = 10_000, exit = true }: ProcessLifetimeOptions): void {
    const host = (globalThis as { readonly process?: HostProcess }).process;
    for (const signal of signals) {
      if (this.#signals.has(signal)) continue;
      this.#signals.add(signal);
      let signaled = false;
      host?.on(signal, () => {
        if (signaled) return void (exit && host.exit(EXIT_CODES[signal])); // a second signal means: now
        signaled = true;
        void this.drain({ deadline: drain }).then(() => exit && host.exit(EXIT_CODES[signal]));
      });
    }
  }

  [OWN](task: OwnedTask): () => void {
    this.#owned.add(task);
    return () => this.#owned.delete(task);
  }

  #cutOff(at: number): number {
    this.#deadline = new Date(at);
    (this.#closing ??= new AbortController()).abort(
      new CancelReason("shutdown", "process", "The process is shutting down and the time to drain has run out"),
    );
    return this.#pending;
  }

  #settled(): void {
    this.#pending--;
    for (const drain of this.#drains) drain.settled(this.#pending);
  }
}

class Drain {
  completed = 0;
  canceled = 0;
  readonly over: Promise<void>;
  readonly #heap: DeadlineHeap;
  readonly #entries: readonly HeapEntry[];
  #left = 0; // of the canceled ones
  #resolve: () => void = () => {};

  constructor(heap: DeadlineHeap, end: number, cutOff: number, cancel: () => number) {
    this.#heap = heap;
    this.over = new Promise((resolve) => this.#resolve = resolve);
    this.#entries = [
      {
        at: cutOff,
        index: -1,
        due: () => void (this.canceled = this.#left = cancel()),
      },
      { at: end, index: -1, due: () => this.#end() },
    ];
    for (const entry of this.#entries) heap.add(entry);
  }

  settled(pending: number): void {
    if (this.#left > 0) this.#left--;
    else this.completed++;
    if (pending === 0) this.#end();
  }

  #end(): void {
    for (const entry of this.#entries) this.#heap.remove(entry);
    this.#resolve();
  }
}

interface Globals {
  readonly Deno?: { readonly version?: unknown };
  readonly Bun?: unknown;
  readonly EdgeRuntime?: unknown;
  readonly navigator?: { readonly userAgent?: string };
  readonly process?: { readonly versions?: { readonly node?: string } };
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
  const what = "Cannot set up the process lifetime";
  assertOptions(options, ["signals", "drain", "exit"], what);
  for (const signal of options.signals ?? []) assertOneOf(signal, ["SIGTERM", "SIGINT"], "a signal", what);
  if (options.drain !== undefined) parseDeadline(options.drain, Date.now(), what);
  current ??= new ProcessLifetime();
  current.handle(options);
  return current;
}

/** The lifetime of a scope that was given none: the process, where this surely is one. */
export function defaultLifetime(): Lifetime | undefined {
  const globals = globalThis as Globals;
  if (
    globals.navigator?.userAgent === "Cloudflare-Workers" ||
    globals.EdgeRuntime !== undefined
  ) return undefined;
  const isProcess = globals.Deno?.version !== undefined ||
    globals.Bun !== undefined ||
    globals.process?.versions?.node !== undefined;
  return isProcess ? processLifetime() : undefined;
}
