/**
 * A task as its spawner sees it.
 *
 * @module
 */
import * as Flag from "./flags.ts";
import type { Outcome, TaskInfo, TaskState } from "./observer.ts";
import type { ScopeNode } from "./scope_node.ts";
import { failureOf, outcomePromiseOf, promiseOf } from "./outcome.ts";
import { cancelFor } from "./cancellation.ts";
import { observe, report } from "./failure.ts";

let nodeOf: (task: Task<unknown>) => ScopeNode;

/**
 * The handle of a task; a promise of its value. Made by `spawn`.
 *
 * **Guarantees.** The promise settles when the function of the task *and* everything it spawned have ended, or have been
 * abandoned (G1, G9). Awaiting is not needed for a failure to be noticed: the scope has it (G4). The native promise is
 * made when somebody first asks for it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TaskScope } from "@taskscope/taskscope";
 *
 * await TaskScope.run(async (scope) => {
 *   const task = scope.spawn(() => Promise.resolve(42), { name: "answer" });
 *   assertEquals(await task, 42);
 *   assertEquals([task.name, task.state], ["answer", "succeeded"]);
 *
 *   const other = scope.spawn((task) => task.sleep(60_000));
 *   other.cancel();
 *   assertEquals((await other.outcome).state, "canceled");
 * });
 * ```
 */
export class Task<T> implements Promise<T>, TaskInfo {
  static {
    nodeOf = (task) => task.#node;
  }

  readonly #node: ScopeNode;

  /** Use `spawn`. */
  protected constructor(node: object) {
    this.#node = node as ScopeNode;
    this.#node.task = this;
  }

  /** The name given to it, the name of its function, or `task-` and a number. */
  get name(): string {
    return this.#node.name;
  }

  /** Its names from the root scope down, joined by `/`. */
  get path(): string {
    return this.#node.path;
  }

  /** Where it is in its life. */
  get state(): TaskState {
    return this.#node.taskState;
  }

  /** Whether it ended with a value although it had been canceled, or its deadline had passed (G8). */
  get late(): boolean {
    return this.state === "succeeded" && this.#node.is(Flag.LATE);
  }

  /** Whether it was made by `spawnDetached`. */
  get detached(): boolean {
    return this.#node.is(Flag.DETACHED);
  }

  /** How it ends, as a promise that never rejects. Reading it counts as awaiting the task. */
  get outcome(): Promise<Outcome<T>> {
    observe(this.#node);
    return outcomePromiseOf(this.#node) as Promise<Outcome<T>>;
  }

  /**
   * Cancels the task and everything below it. Synchronous and idempotent; does not wait. A task that has not started
   * never will. If it goes on for longer than `grace`, it is abandoned.
   *
   * @param reason What its signal aborts with, by identity; by default a `CancelReason` of kind `canceled`.
   */
  cancel(reason?: unknown): void {
    cancelFor(this.#node, "canceled", reason);
  }

  /** As `Promise.then`. */
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    observe(this.#node);
    return (promiseOf(this.#node) as Promise<T>).then(onFulfilled, onRejected);
  }

  /** As `Promise.catch`. */
  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(undefined, onRejected);
  }

  /** As `Promise.finally`. */
  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.then().finally(onFinally);
  }

  /** `"Task"`. */
  get [Symbol.toStringTag](): string {
    return "Task";
  }
}

/** Makes the handle of a node. */
export function taskOf<T>(node: ScopeNode): Task<T> {
  return new (Task as unknown as new (node: ScopeNode) => Task<T>)(node);
}

/** Reports the failure of a task whose handle is read, but whose failure surfaces nowhere. */
export function reportTask(task: Task<unknown>): void {
  const node = nodeOf(task);
  report(node, failureOf(node));
}
