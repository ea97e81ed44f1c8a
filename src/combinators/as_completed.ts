/**
 * Tasks in the order in which they end.
 *
 * @module
 */
import type { Outcome } from "../observer.ts";
import type { Task } from "../task.ts";

/** A task that has ended, and how. See {@linkcode asCompleted}. */
export interface Completed<T> {
  /** The task. */
  readonly task: Task<T>;
  /** How it ended. */
  readonly outcome: Outcome<T>;
}

/** {@linkcode Completed}, of the type of a task. */
export type CompletedOf<T> = T extends Task<infer V> ? Completed<V> : never;

/** Tasks in the order in which they end; more may be added while waiting. */
export class Completions<T> {
  readonly #ended: Completed<T>[] = [];
  #taken = 0;
  #pending = 0;
  #wake: () => void = () => {};

  /** How many have been added but not taken. */
  get left(): number {
    return this.#pending + this.#ended.length - this.#taken;
  }

  add(task: Task<T>): void {
    this.#pending++;
    task.outcome.then((outcome) => {
      this.#pending--;
      this.#ended.push({ task, outcome });
      this.#wake();
    });
  }

  /** Resolves when `take` has something to give. */
  ready(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#taken < this.#ended.length) resolve();
    });
  }

  take(): Completed<T> | undefined {
    const { [this.#taken]: next } = this.#ended;
    if (next) this.#taken++;
    return next;
  }
}

/**
 * The tasks in the order in which they end.
 *
 * @param tasks Tasks of any scope; reading them counts as awaiting them.
 * @returns Each task with its outcome, once.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { asCompleted, TaskScope } from "@taskscope/taskscope";
 *
 * const order: string[] = [];
 * await TaskScope.run(async (scope) => {
 *   const slow = scope.spawn((task) => task.sleep(20), { name: "slow" });
 *   const fast = scope.spawn(() => {}, { name: "fast" });
 *   for await (const { task } of asCompleted([slow, fast])) order.push(task.name);
 * });
 * assertEquals(order, ["fast", "slow"]);
 * ```
 */
export async function* asCompleted<T extends Task<unknown>>(
  tasks: readonly T[] | Iterable<T>, // with the array, the compiler points at the element that is no task
): AsyncGenerator<CompletedOf<T>, void, void> {
  const completions = new Completions<unknown>();
  for (const task of tasks) completions.add(task);
  while (completions.left > 0) {
    await completions.ready();
    for (let next = completions.take(); next; next = completions.take()) yield next as CompletedOf<T>;
  }
}
