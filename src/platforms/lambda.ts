/**
 * AWS Lambda.
 *
 * Lambda freezes the process when the handler's promise settles and thaws it in another invocation, which is then blamed
 * for what fails. So there is no detached work after a handler; there is work that the invocation awaits.
 *
 * **Guarantees.** Work is taken only inside of `run` of a {@linkcode LambdaLifetime}, which settles when all of it has. With a
 * streaming response the client has its answer as soon as the stream is ended: the rest runs behind it, until the
 * function's time is over.
 *
 * @module
 */
import { DeadlineHeap } from "../deadline.ts";
import { LifetimeUnavailableError } from "../errors.ts";
import type { Lifetime } from "../lifetime.ts";
import { wrong } from "../validate.ts";
import { assertPromise, describe, neverRejects } from "./host.ts";
import { type LifetimeLimit, limitOf } from "./limits.ts";

export type { LifetimeLimit };

/** What is needed of the handler's context. See {@linkcode lambdaLifetime}. */
export interface LambdaContext {
  /** Milliseconds until Lambda ends the invocation. */
  getRemainingTimeInMillis(): number;
}

/** How long before the function's time is over the answer has to be on its way, in milliseconds. */
const ANSWER = 250;

/**
 * The lifetime of one invocation. Made by {@linkcode lambdaLifetime}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { lambdaLifetime } from "@taskscope/taskscope/lambda";
 *
 * const log: string[] = [];
 * const lifetime = lambdaLifetime({ getRemainingTimeInMillis: () => 30_000 });
 * const answer = await lifetime.run(() => {
 *   lifetime.waitUntil(Promise.resolve().then(() => log.push("sent")));
 *   return 202;
 * });
 * assertEquals([answer, ...log], [202, "sent"]);
 * ```
 */
export class LambdaLifetime implements Lifetime {
  /** When the function's time is over. */
  readonly deadline: Date;
  /** The host's limit: how long, from when, and where that is written. */
  readonly limit: LifetimeLimit;
  /** The host, its limit and the reference, for error messages. */
  readonly source: string;
  readonly #held = new Set<Promise<void>>();
  #running = 0;

  /** Use {@linkcode lambdaLifetime}. */
  constructor(context: LambdaContext) {
    const ms = context.getRemainingTimeInMillis();
    this.deadline = new Date(Date.now() + ms);
    this.limit = { ...limitOf("lambda"), ms, ref: "getRemainingTimeInMillis() of the context", confidence: "told" };
    this.source = describe(this.limit);
  }

  /**
   * Takes work that `run` will await.
   *
   * @param work A native promise; a rejection is reported with `console.error`.
   * @throws {LifetimeUnavailableError} If `run` is not on: Lambda would freeze the work.
   * @throws {TypeError} If `work` is not a native promise.
   */
  waitUntil(work: Promise<unknown>): void {
    assertPromise(work, "Cannot wait on lambda");
    if (this.#running === 0) {
      const message = "Cannot wait on lambda: it freezes the process after the response. Do the work in " +
        "lambdaLifetime(context).run(body), which awaits it, or give it to a queue";
      throw new LifetimeUnavailableError(message);
    }
    const held = neverRejects(work).then(() => void this.#held.delete(held));
    this.#held.add(held);
  }

  /**
   * Runs the body of a handler, and then waits for all work taken meanwhile, also when the body fails. Detached tasks are
   * canceled in time; what else was taken and does not end is given up 250 ms before the function's time is over, so that
   * the answer gets out, and reported with `console.error`.
   *
   * @param body Receives this lifetime; for a streaming response, ends its stream.
   * @returns What the body returned.
   */
  async run<T>(body: (lifetime: LambdaLifetime) => T | PromiseLike<T>): Promise<T> {
    this.#running++;
    try {
      return await body(this);
    } finally {
      await this.#settled();
      this.#running--;
    }
  }

  /** Waits for all that is held, also for what is taken meanwhile; not beyond the moment after which no answer gets out. */
  async #settled(): Promise<void> {
    if (this.#held.size === 0) return;
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const heap = new DeadlineHeap();
    let isOver = false;
    const entry = heap.add(this.deadline.getTime() - ANSWER, () => {
      isOver = true;
      resolve();
    });
    while (this.#held.size > 0 && !isOver) await Promise.race([Promise.all(this.#held), over]);
    heap.remove(entry);
    if (this.#held.size > 0) {
      console.error(`TaskScope: the time of the Lambda function is over, ${this.#held.size} of its works are frozen`);
    }
  }
}

/**
 * The lifetime of an invocation. Call it first thing in the handler.
 *
 * @param context The handler's context: the second argument, the third of a streaming handler.
 * @returns A lifetime that takes work inside of its `run`.
 * @throws {TypeError} If `context` has no `getRemainingTimeInMillis`.
 *
 * @example The invocation awaits its detached work
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TaskScope } from "@taskscope/taskscope";
 * import { type LambdaContext, lambdaLifetime } from "@taskscope/taskscope/lambda";
 *
 * const log: string[] = [];
 * const handler = (_event: unknown, context: LambdaContext) =>
 *   lambdaLifetime(context).run((lifetime) =>
 *     TaskScope.run((scope) => {
 *       scope.spawnDetached((task) => task.sleep(5).then(() => log.push("audited")), { deadline: { seconds: 2 } });
 *       return { statusCode: 202 };
 *     }, { lifetime })
 *   );
 * const answer = await handler({}, { getRemainingTimeInMillis: () => 30_000 });
 * assertEquals([answer.statusCode, log], [202, ["audited"]]);
 * ```
 */
export function lambdaLifetime(context: LambdaContext): LambdaLifetime {
  if (typeof context?.getRemainingTimeInMillis === "function") return new LambdaLifetime(context);
  throw wrong("Cannot use the lifetime of lambda", "the handler's context is needed", context);
}
