/** An engine in memory, a worker on it, and how its tasks ended: what most tests of hand-off begin with. */
import { TaskScope } from "@taskscope/taskscope";
import {
  type AnyDurableTask,
  type Engine,
  handoffTo,
  inProcessEngine,
  type TaskEnding,
  type TaskWorker,
  worker,
  type WorkerOptions,
} from "@taskscope/taskscope/durable";

export class Bench implements AsyncDisposable {
  readonly engine = inProcessEngine();
  readonly endings: TaskEnding[] = [];
  readonly errors: unknown[] = [];
  readonly #workers: TaskWorker[] = [];
  readonly #waiting: (() => void)[] = [];

  /** Starts a worker whose endings are collected. */
  worker(tasks: readonly AnyDurableTask[], options: WorkerOptions = {}, engine: Engine = this.engine): TaskWorker {
    const started = worker(tasks, engine, {
      signals: [],
      poll: 5,
      onError: (error) => this.errors.push(error),
      ...options,
      onEnd: (ending) => {
        this.endings.push(ending);
        for (const look of [...this.#waiting]) look();
      },
    });
    this.#workers.push(started);
    return started;
  }

  /** Calls a function in a scope that hands off to the engine. */
  scope<T>(fn: (scope: TaskScope) => T | PromiseLike<T>): Promise<T> {
    return TaskScope.run(fn, { context: [handoffTo(this.engine)] });
  }

  /** Resolves when there are as many endings. */
  async ended(count: number): Promise<TaskEnding[]> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => void (this.endings.length >= count && resolve());
    this.#waiting.push(look);
    look();
    await promise;
    return this.endings;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((each) => each.stop()));
  }
}
