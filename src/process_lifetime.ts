/**
 * The host that is a plain process: what is pending in it, and a bounded drain.
 *
 * @module
 */
import { CancelReason } from "./errors.ts";
import { type Deadline, DeadlineHeap, parseDeadline } from "./deadline.ts";
import { type Lifetime, type Owner, owners } from "./lifetime.ts";
import type { ScopeTree } from "./observer.ts";
import { ProcessRegistry, processRegistry } from "./process_registry.ts";
import { assertNumber, assertOptions } from "./validate.ts";

/** How a drain went. See {@linkcode ProcessLifetime}. */
export interface DrainReport {
  /** How many ended before they had to be canceled. */
  readonly completed: number;
  /** How many were canceled because time ran out. */
  readonly canceled: number;
  /** How many had not ended when the drain's deadline came. */
  readonly pending: number;
}

/** Options of `drain` of a {@linkcode ProcessLifetime}. */
export interface DrainOptions {
  /** When the drain is over at the latest. */
  readonly deadline: Deadline;
  /**
   * How long before `deadline` the tasks that still run are canceled, in milliseconds.
   *
   * @default 1000, but at most a quarter of the time there is
   */
  readonly margin?: number | undefined;
}

const MARGIN = 1_000;

/**
 * The lifetime of a plain process (Deno, Bun, Node): a registry of what is pending, and a bounded drain. Made by
 * {@linkcode processLifetime}.
 *
 * @example What is detached can be seen, canceled and waited for
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { processLifetime, TaskScope } from "@taskscope/taskscope";
 *
 * const lifetime = processLifetime();
 * const { task } = await TaskScope.run((scope) => ({
 *   task: scope.spawnDetached((task) => task.sleep(60_000), { deadline: { minutes: 2 }, name: "warm up" }),
 * }));
 * lifetime.waitUntil(Promise.resolve("a promise of other code"));
 * assertEquals(lifetime.tree().map(({ name }) => name), ["warm up"]);
 *
 * lifetime.cancel();
 * await lifetime.drain({ deadline: { seconds: 10 } });
 * assertEquals([lifetime.pending, task.state], [0, "canceled"]);
 * ```
 */
export class ProcessLifetime implements Lifetime {
  readonly #registry: ProcessRegistry;
  readonly #heap = new DeadlineHeap();
  readonly #drains = new Set<{ canceled: number }>();

  /** Use {@linkcode processLifetime}. */
  constructor(registry: object = new ProcessRegistry()) {
    const known = registry as ProcessRegistry;
    this.#registry = known;
    owners.set(this, owners.get(known) as Owner);
  }

  /** How many promises and detached tasks are pending. */
  get pending(): number {
    return this.#registry.pending;
  }

  /** The end of the drain, once it has canceled what did not fit; `undefined` at all other times. */
  get deadline(): Date | undefined {
    return this.#registry.deadline;
  }

  /** Aborts, with a reason of kind `shutdown`, when a drain cancels what did not fit. A new one after the drain. */
  get closing(): AbortSignal {
    return this.#registry.closing;
  }

  /**
   * Registers work: a drain waits for it. A promise alone keeps no process alive; the timer or socket behind it does.
   *
   * @param work A promise; a rejection is reported with `console.error`.
   * @throws {TypeError} If `work` is not a promise.
   */
  waitUntil(work: Promise<unknown>): void {
    this.#registry.waitUntil(work);
  }

  /** The live trees of the detached tasks. */
  tree(): readonly ScopeTree[] {
    return Array.from(this.#registry.owned, (task) => task.tree());
  }

  /**
   * Cancels every detached task. Does not wait; `drain` does.
   *
   * @param reason What their signals abort with; by default a `CancelReason` of kind `canceled`.
   */
  cancel(reason?: unknown): void {
    for (const task of [...this.#registry.owned]) task.cancel(reason); // what one of them spawns meanwhile goes on
  }

  /**
   * Waits until nothing is pending, also for tasks added meanwhile, and at most until the deadline. Shortly before it,
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
    const registry = this.#registry;
    const drain = { completed: 0, canceled: 0 };
    const settled = () => {
      if (drain.canceled === 0) drain.completed++;
      // A turn later: what ended may hand on the next piece of work.
      this.#heap.add(0, () => registry.pending === 0 && resolve());
    };
    if (registry.pending > 0) {
      const entries = [this.#heap.add(at - margin, () => this.#cutOff(at)), this.#heap.add(at, resolve)];
      this.#drains.add(drain);
      registry.drains.add(settled);
      await over;
      this.#drains.delete(drain);
      registry.drains.delete(settled);
      for (const entry of entries) this.#heap.remove(entry);
      if (this.#drains.size === 0 && this.closing.aborted) {
        registry.controller = new AbortController();
        registry.deadline = undefined;
      }
    }
    return { ...drain, pending: registry.pending };
  }

  #cutOff(end: number): void {
    const registry = this.#registry;
    for (const drain of this.#drains) drain.canceled ||= registry.pending; // one that drains longer cannot save them
    registry.deadline = new Date(end);
    registry.controller.abort(new CancelReason("shutdown", "process", "The process is shutting down"));
  }
}

let current: ProcessLifetime | undefined; // for the life of the process

/** The one lifetime of this process. */
export function theProcess(): ProcessLifetime {
  return current ??= new ProcessLifetime(processRegistry());
}
