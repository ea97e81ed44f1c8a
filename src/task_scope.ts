/**
 * The scope: what a function sees of the structure it runs in.
 *
 * @module
 */
import { composeSignals, LONGEST_DELAY, nativeTimeout } from "./signals.ts";
import { type ContextKey, lookUp } from "./context.ts";
import * as Flag from "./flags.ts";
import type { Counters, ScopeInfo, ScopeState, ScopeTree } from "./observer.ts";
import { Nursery, ScopeNode } from "./scope_node.ts";
import { toTree } from "./tree.ts";
import { failureOf, promiseOf } from "./outcome.ts";
import { cancelFor, signalOf } from "./cancellation.ts";
import { addCleanup, untilIdle } from "./cleanup.ts";
import { assertOpen, endIfReady, starter } from "./lifecycle.ts";
import type { Task } from "./task.ts";
import { type DetachedOptions, type DetachedTask, spawnDetached } from "./detached.ts";
import { openRoot, type TaskScopeOptions } from "./root.ts";
import { type ShieldOptions, spawnChild, type SpawnOptions } from "./spawn.ts";
import { abortable, type Pause, pause, sleep } from "./waiting.ts";
import { assertFunction, assertNumber, isThenable, wrong } from "./validate.ts";

/** A function that runs in a scope of its own. See {@linkcode TaskScope}. */
export type TaskFunction<T> = (scope: TaskScope) => T | PromiseLike<T>;

/** A task that need not run here: what `defineTask` of `./durable` makes. See {@linkcode TaskScope}. */
export interface HandoffTask<Input, SpawnOptions, Spawned, HandoffOptions, HandedOff> {
  /** What `scope.spawnDetached(task, input, options)` does. */
  spawnDetachedIn(scope: TaskScope, input: Input, options: SpawnOptions): Spawned;
  /** What `scope.handoff(task, input, options)` does. */
  handOffFrom(scope: TaskScope, input: Input, options: HandoffOptions): HandedOff;
}

let nodeOf: (scope: TaskScope) => ScopeNode;
let toScope: (node: ScopeNode, made?: TaskScope) => TaskScope;

/**
 * A scope owns tasks: none outlives it unnoticed, one that fails cancels the others, and what is canceled is waited for.
 *
 * `TaskScope.run` is the primary form. `new TaskScope()` with `await using` is for places that have no callback.
 *
 * **Guarantees.** When `run`, `join` or `close` settles, every task has ended or was reported as abandoned, and every
 * timer, listener and link is released (G1). Getters may be destructured, methods need their scope.
 *
 * @example Two calls at once; if one fails, the other is canceled and awaited
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TaskScope } from "@taskscope/taskscope";
 *
 * const page = await TaskScope.run(async (scope) => {
 *   const user = scope.spawn(() => Promise.resolve("Ada"));
 *   const posts = scope.spawn(() => Promise.resolve(3));
 *   return `${await user}: ${await posts} posts`;
 * }, { deadline: 2_000, name: "page" });
 * assertEquals(page, "Ada: 3 posts");
 * ```
 */
export class TaskScope implements ScopeInfo, AsyncDisposable {
  static {
    nodeOf = (scope) => scope.#node;
    toScope = (node, scope = new TaskScope(node as unknown as TaskScopeOptions)) => {
      scope.#node = node; // an observer may look at the scope before it is open
      return scope;
    };
  }

  #node!: ScopeNode; // for good, once made

  /**
   * Opens a scope that lives until `close()`, `join()` or the end of an `await using` block.
   *
   * @param options See {@linkcode TaskScopeOptions}.
   * @throws {TypeError} If an option is unknown or of the wrong type.
   * @throws {RangeError} If a number is out of range.
   */
  constructor(options: TaskScopeOptions = {}) {
    if (options instanceof ScopeNode) return; // the scope of a task, from inside
    openRoot(options, Flag.MANUAL, { name: "" }, "Cannot open a scope", toScope, this);
  }

  /**
   * Runs a function in a new scope, and waits for everything it spawns.
   *
   * **Guarantees.** The function is called synchronously. If it throws, its tasks are canceled and awaited, and the error
   * surfaces; if it returns, its tasks are awaited (G4). Mistakes in the options reject, too.
   *
   * @param body Receives the scope.
   * @param options See {@linkcode TaskScopeOptions}.
   * @returns What `body` returned.
   * @throws {DeadlineExceededError} If the deadline passed and cut something (G8), or had passed before the call.
   * @throws {AbandonedTasksError} If tasks ignored their cancellation, and nothing else failed (G9).
   * @throws {ScopeError} If anything failed and `errors` is `"aggregate"`.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { TaskScope } from "@taskscope/taskscope";
   *
   * assertEquals(await TaskScope.run((scope) => scope.spawn(() => 42)), 42);
   * ```
   */
  static run<T>(body: TaskFunction<T>, options: TaskScopeOptions = {}): Promise<T> {
    const what = "Cannot run a scope";
    let root: ScopeNode;
    try {
      assertFunction(body, what);
      root = openRoot(options, 0, body, what, toScope);
    } catch (error) {
      return Promise.reject(error);
    }
    root.value = body;
    const promise = promiseOf(root);
    root.env.age = 0;
    starter(root)();
    root.env.age = -1;
    return promise as Promise<T>;
  }

  /** The name given to it, or that of its task. */
  get name(): string {
    return this.#node.name;
  }

  /** The names from the root scope down, joined by `/`. */
  get path(): string {
    return this.#node.path;
  }

  /** Where the scope is in its life. */
  get state(): ScopeState {
    return this.#node.scopeState;
  }

  /**
   * Aborts when the scope is canceled or fails; made on first use. If the scope ends well, it never aborts, so that a
   * `Response` can still be read. Listeners see the async context (AsyncLocalStorage) of the place of that first use.
   */
  get signal(): AbortSignal {
    return signalOf(this.#node);
  }

  /** The moment the scope must be over, the earliest of its own and those above; `undefined` without one. */
  get deadline(): Date | undefined {
    const { limit } = this.#node;
    return limit && new Date(limit.at);
  }

  /** The counters of the scope's own tasks (G12). */
  get counters(): Counters {
    return { ...(this.#node.nursery ?? new Nursery()).counters };
  }

  /** The failures after the primary one, in the order they came (G5). */
  get suppressed(): readonly unknown[] {
    return this.#node.failures?.slice(1) ?? [];
  }

  /**
   * The time left until the deadline, in milliseconds, never below 0; `Infinity` without a deadline.
   *
   * @example
   * ```ts
   * import { assert } from "@std/assert";
   * import { TaskScope } from "@taskscope/taskscope";
   *
   * const left = await TaskScope.run((scope) => scope.remaining(), { deadline: { seconds: 2 } });
   * assert(left > 0 && left <= 2_000);
   * ```
   */
  remaining(): number {
    const { limit } = this.#node;
    return !limit ? Infinity : Math.max(0, limit.at - Date.now());
  }

  /**
   * The value of a context key, from the nearest scope that binds it.
   *
   * @param key Made with `contextKey`.
   * @returns The value, or `undefined`.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { contextKey, TaskScope } from "@taskscope/taskscope";
   *
   * const User = contextKey<string>("user");
   * await TaskScope.run(async (scope) => {
   *   const own = scope.spawn((task) => task.get(User), { context: [User.with("Grace")] });
   *   assertEquals([scope.get(User), await own], ["Ada", "Grace"]);
   * }, { context: [User.with("Ada")] });
   * ```
   */
  get<T>(key: ContextKey<T>): T | undefined {
    return lookUp(this.#node.values, key);
  }

  /**
   * The live tree as plain JSON.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { TaskScope } from "@taskscope/taskscope";
   *
   * await TaskScope.run((scope) => {
   *   scope.spawn(() => {}, { name: "one" });
   *   assertEquals(scope.tree().children.map(({ path, state }) => [path, state]), [["page/one", "running"]]);
   * }, { name: "page" });
   * ```
   */
  tree(): ScopeTree {
    return toTree(this.#node);
  }

  /**
   * Starts a task that belongs to this scope.
   *
   * **Guarantees.** `fn` is called in a microtask, never synchronously (G2). Cancellation, deadline and values come from
   * this scope, the async context from the place of the call (G3). If `fn` fails, this scope fails, even if somebody
   * catches the task's rejection (G4); see `policy`.
   *
   * @param fn Receives a scope of its own.
   * @param options See {@linkcode SpawnOptions}.
   * @returns The handle; a promise.
   * @throws {ScopeClosedError} If the scope has ended.
   * @throws {ScopeCanceledError} If the scope is canceled.
   * @throws {TypeError} If `fn` is not a function, or an option is unknown or of the wrong type.
   * @throws {RangeError} If the deadline is not finite.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { TaskScope } from "@taskscope/taskscope";
   *
   * await TaskScope.run(async (scope) => {
   *   const task = scope.spawn(({ signal }) => signal.aborted, { name: "look", deadline: { seconds: 1 } });
   *   assertEquals(await task, false);
   * });
   * ```
   */
  spawn<T>(fn: TaskFunction<T>, options?: SpawnOptions): Task<T> {
    return spawnChild(this.#node, fn, options, 0, "Cannot spawn a task");
  }

  /**
   * As `spawn`, but returns `undefined` where the scope takes no task now. It has ended then, is canceled, or has as
   * many running tasks as its `concurrency` allows; the options are not looked at.
   *
   * @param fn Receives a scope of its own.
   * @param options See {@linkcode SpawnOptions}.
   * @returns The handle, or `undefined`.
   * @throws {TypeError} If `fn` is not a function, or an option is unknown or of the wrong type.
   * @throws {RangeError} If the deadline is not finite.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { TaskScope } from "@taskscope/taskscope";
   *
   * await TaskScope.run(async (scope) => {
   *   const first = scope.trySpawn(() => 1);
   *   const second = scope.trySpawn(() => 2);
   *   assertEquals([await first, second], [1, undefined]);
   * }, { concurrency: 1 });
   * ```
   */
  trySpawn<T>(fn: TaskFunction<T>, options?: SpawnOptions): Task<T> | undefined {
    assertFunction(fn, "Cannot spawn a task");
    const node = this.#node;
    const { nursery } = node;
    const isFull = nursery && nursery.active >= nursery.concurrency;
    if (isFull || node.is(Flag.SETTLED) || node.cancellation) return undefined;
    return this.spawn(fn, options);
  }

  /**
   * Starts a task that may outlive this scope and the request, but never its deadline.
   *
   * **Guarantees.** The lifetime is told synchronously, with a promise that always fulfills, at the latest at the
   * deadline plus `grace`; a shield or cleanup that needs longer goes on, but the host is not held for it. The scope's
   * cancellation, failure and end do not reach the task; values and observer are kept. Allowed in a canceled scope. Its
   * error is never silent; see {@linkcode DetachedTask}.
   *
   * @param fn Receives a scope of its own.
   * @param options The deadline is required and fresh; see {@linkcode DetachedOptions}.
   * @returns The handle; a promise.
   * @throws {TypeError} If the deadline is missing, or something is of the wrong type.
   * @throws {RangeError} If the deadline is not finite.
   * @throws {DeadlineExceededError} If the deadline has passed.
   * @throws {LifetimeLimitError} If the deadline is later than the lifetime allows.
   * @throws {LifetimeUnavailableError} If nothing can keep the task alive.
   * @throws {ScopeClosedError} If the scope has ended.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { processLifetime, TaskScope } from "@taskscope/taskscope";
   *
   * const rows: string[] = [];
   * const answer = await TaskScope.run((scope) => {
   *   scope.spawnDetached(() => void rows.push("audited"), { deadline: { seconds: 20 }, name: "audit" });
   *   return 202;
   * });
   * await processLifetime().drain({ deadline: { seconds: 20 } });
   * assertEquals([answer, ...rows], [202, "audited"]);
   * ```
   */
  spawnDetached<T>(fn: TaskFunction<T>, options: DetachedOptions): DetachedTask<T>;
  /**
   * Does not compile: a detached task needs a deadline. It is here for the words of the compiler's error.
   *
   * @param fn Add `{ deadline }` after it.
   */
  spawnDetached<T>(fn: TaskFunction<T> & "the deadline is missing: spawnDetached(fn, { deadline })"): DetachedTask<T>;
  /**
   * Runs a task of `./durable` here if its deadline fits, and hands it to an engine if it does not and
   * `onExceed: "handoff"` allows it. The choice is made before the start; see `./durable`.
   *
   * @param task Made with `defineTask`.
   * @param input What the task's schema takes.
   * @param options The deadline is required.
   */
  spawnDetached<I, O, S>(task: HandoffTask<I, O, S, never, unknown>, input: NoInfer<I>, options: NoInfer<O>): S;
  /** One of the overloads of {@linkcode TaskScope}: of a function, or of a task of `./durable`. */
  spawnDetached(fn: never, ...rest: never[]): unknown {
    return (fn as Partial<AnyHandoffTask> | undefined)?.spawnDetachedIn?.(this, ...rest as [never, never]) ??
      spawnDetached(this.#node, fn, rest[0] as never);
  }

  /**
   * Hands a task of `./durable` to an engine, wherever its deadline would fit.
   *
   * @param task Made with `defineTask`.
   * @param input What the task's schema takes.
   * @param options The deadline is required; see `./durable`.
   * @throws {TypeError} If `task` is not one.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { TaskScope } from "@taskscope/taskscope";
   * import { defineTask, handoffTo, inProcessEngine } from "@taskscope/taskscope/durable";
   * import { z } from "zod";
   *
   * const double = defineTask("double", z.number(), (_scope, n) => n * 2);
   * await TaskScope.run(async (scope) => {
   *   const handle = scope.handoff(double, 21, { deadline: { hours: 1 } });
   *   await handle.accepted; // from here on the engine has it
   *   assertEquals([handle.where, handle.engine], ["handed-off", "in-process"]);
   * }, { context: [handoffTo(inProcessEngine())] });
   * ```
   */
  handoff<I, O, H>(task: HandoffTask<I, never, unknown, O, H>, input: NoInfer<I>, options: NoInfer<O>): H;
  /** Hands a task of `./durable` to an engine; see {@linkcode TaskScope}. */
  handoff<I, O, H>(task: HandoffTask<I, never, unknown, O, H>, ...rest: [NoInfer<I>, NoInfer<O>]): H {
    if (!task?.handOffFrom) throw wrong("Cannot hand off", "a task of defineTask is needed", task);
    return task.handOffFrom(this, ...rest);
  }

  /**
   * Runs work that outer cancellation and outer deadlines do not reach; the scope waits for it.
   *
   * **Guarantees.** Only its own deadline, plus `grace`, bounds it (G9). May be called in a canceled scope, for cleanup.
   * A failure belongs to whoever awaits it; if nobody does, it is a failure of the scope.
   *
   * @param fn Receives a scope of its own.
   * @param options The deadline is required; see {@linkcode ShieldOptions}.
   * @returns What `fn` returned.
   * @throws {TypeError} If the deadline is missing, or something is of the wrong type; at the call.
   * @throws {RangeError} If the deadline is not finite; at the call.
   * @throws {ScopeClosedError} If the scope has ended; at the call.
   * @throws {DeadlineExceededError} If the deadline passed; the promise rejects.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { TaskScope } from "@taskscope/taskscope";
   *
   * const written = await TaskScope.run((scope) => {
   *   scope.cancel();
   *   return scope.shield(async (task) => {
   *     await task.sleep(1);
   *     return "written";
   *   }, { deadline: 5_000 });
   * });
   * assertEquals(written, "written");
   * ```
   */
  shield<T>(fn: TaskFunction<T>, options: ShieldOptions): Promise<T>;
  /**
   * Does not compile: a shield needs a deadline. It is here for the words of the compiler's error.
   *
   * @param fn Add `{ deadline }` after it.
   */
  shield<T>(fn: TaskFunction<T> & "the deadline is missing: shield(fn, { deadline })"): Promise<T>;
  /** Runs work that outer cancellation and outer deadlines do not reach; see {@linkcode TaskScope}. */
  shield<T>(fn: TaskFunction<T>, options?: ShieldOptions): Promise<T> {
    return spawnChild(this.#node, fn, options, Flag.SHIELD | Flag.CALL, "Cannot open a shield");
  }

  /**
   * Registers cleanup: called when the scope's tasks have ended, last in first out, on every path, each within `grace`.
   * What it throws is a failure of the scope, but never replaces the primary one.
   *
   * @param fn May be async.
   * @throws {ScopeClosedError} If the scope has ended.
   * @throws {TypeError} If `fn` is not a function.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { TaskScope } from "@taskscope/taskscope";
   *
   * const order: string[] = [];
   * await TaskScope.run((scope) => {
   *   scope.defer(() => void order.push("first in"));
   *   scope.defer(() => void order.push("last in"));
   * });
   * assertEquals(order, ["last in", "first in"]);
   * ```
   */
  defer(fn: () => unknown): void {
    const what = "Cannot defer";
    assertFunction(fn, what);
    assertOpen(this.#node, what);
    addCleanup(this.#node, fn);
  }

  /**
   * Registers the disposal of a resource as cleanup, as `await using` would.
   *
   * @param resource Something with `[Symbol.asyncDispose]` or `[Symbol.dispose]`, or `null` or `undefined`.
   * @returns The resource.
   * @throws {ScopeClosedError} If the scope has ended.
   * @throws {TypeError} If the resource cannot be disposed of.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { TaskScope } from "@taskscope/taskscope";
   *
   * let open = true;
   * await TaskScope.run((scope) => {
   *   scope.use({ [Symbol.dispose]: () => void (open = false) });
   * });
   * assertEquals(open, false);
   * ```
   */
  use<R extends Disposable | AsyncDisposable | null | undefined>(resource: R): R {
    const what = "Cannot use a resource";
    assertOpen(this.#node, what);
    if (resource === null || resource === undefined) return resource;
    const { [Symbol.asyncDispose]: asyncDispose, [Symbol.dispose]: dispose } = resource as Partial<
      Disposable & AsyncDisposable
    >;
    const method = asyncDispose ?? dispose;
    if (typeof method !== "function") throw wrong(what, "it needs [Symbol.asyncDispose] or [Symbol.dispose]", resource);
    addCleanup(this.#node, () => method.call(resource));
    return resource;
  }

  /**
   * Cancels the scope and everything below it. Synchronous; does not wait. Only the first one counts (G7).
   *
   * @param reason What every signal below aborts with, by identity; by default a `CancelReason` of kind `canceled`.
   */
  cancel(reason?: unknown): void {
    cancelFor(this.#node, "canceled", reason);
  }

  /**
   * Waits until all tasks have ended. A scope made with `new` is closed then. While a task runs, spawning is allowed.
   *
   * @throws What the scope failed with (G5), or the reason it was canceled for if that cut something (G8).
   *
   * @example Without it, the end of the block cancels what still runs
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { TaskScope } from "@taskscope/taskscope";
   *
   * await using scope = new TaskScope({ deadline: { seconds: 10 } });
   * const one = scope.spawn(() => 1);
   * await scope.join();
   * assertEquals([one.state, scope.state], ["succeeded", "closed"]);
   * ```
   */
  async join(): Promise<void> {
    const node = this.#node;
    node.flags |= Flag.SEEN;
    if (node.is(Flag.MANUAL)) {
      finish(node);
      return void await promiseOf(node);
    }
    await untilIdle(node);
    if (node.failures) throw failureOf(node);
    if (node.is(Flag.CUT)) throw node.cancellation?.reason;
  }

  /**
   * Cancels what still runs and waits for it, at most `grace`. Idempotent. A scope whose function runs ends with that.
   *
   * @param reason What the signals abort with; by default a `CancelReason` of kind `closed`.
   * @throws What the scope failed with, unless somebody has read that failure from a task or from `join`.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { TaskScope } from "@taskscope/taskscope";
   *
   * const scope = new TaskScope();
   * const task = scope.spawn((task) => task.sleep(60_000));
   * await scope.close();
   * assertEquals([task.state, scope.state], ["canceled", "closed"]);
   * ```
   */
  async close(reason?: unknown): Promise<void> {
    const node = this.#node;
    if (node.live > 0 || node.extras?.hooks?.size) cancelFor(node, "closed", reason);
    if (!node.is(Flag.MANUAL)) return await untilIdle(node);
    finish(node);
    await promiseOf(node).catch((error) => {
      if (!node.failures || node.is(Flag.SEEN)) return;
      node.flags |= Flag.SEEN;
      throw error;
    });
  }

  /** As `close()`, at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * `AbortSignal.any([scope.signal, AbortSignal.timeout(ms)])`, for one call of foreign code. Right above 2^31-1 ms, too.
   * What it holds is released with the scope, on Node 22 not before: for many calls, give each a task of its own.
   *
   * @param ms In milliseconds.
   * @returns A new signal.
   * @throws {TypeError} If `ms` is not a number.
   * @throws {RangeError} If `ms` is NaN, infinite or negative.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { TaskScope } from "@taskscope/taskscope";
   *
   * const body = await TaskScope.run(async (scope) => {
   *   const response = await fetch("data:,hello", { signal: scope.timeoutSignal(800) });
   *   return await response.text();
   * });
   * assertEquals(body, "hello");
   * ```
   */
  timeoutSignal(ms: number): AbortSignal {
    assertNumber(ms, "ms", "Cannot make a timeout signal");
    const node = this.#node;
    return composeSignals(signalOf(node), ms <= LONGEST_DELAY ? nativeTimeout(ms) : longTimeout(node, ms));
  }

  /**
   * Waits for a promise, at most until the scope is canceled. The work behind the promise is not stopped; one that
   * never settles keeps a trace of each wait, about 1 KB, but not the scope.
   *
   * @param promise What to wait for.
   * @returns What the promise resolves to.
   * @throws The reason, if the scope is canceled first.
   *
   * @example
   * ```ts
   * import { assertRejects } from "@std/assert";
   * import { TaskScope } from "@taskscope/taskscope";
   *
   * const never = new Promise(() => {});
   * await assertRejects(() => TaskScope.run((scope) => scope.abortable(never), { deadline: 5 }));
   * ```
   */
  abortable<T>(promise: PromiseLike<T>): Promise<T> {
    if (!isThenable(promise)) throw wrong("Cannot wait", "a promise is needed", promise);
    return abortable(this.#node, promise);
  }

  /**
   * Waits for a time, at most until the scope is canceled.
   *
   * @param ms In milliseconds.
   * @throws The reason, if the scope is canceled first.
   * @throws {TypeError} If `ms` is not a number; at the call.
   * @throws {RangeError} If `ms` is NaN, infinite or negative; at the call.
   */
  sleep(ms: number): Promise<void> {
    assertNumber(ms, "ms", "Cannot sleep");
    return sleep(this.#node, ms);
  }
}

/**
 * Runs a function in a child scope whose failure belongs to the caller, who awaits it: the ground of the combinators.
 * Takes no place of the scope's `concurrency`.
 */
export function callChild<T>(scope: TaskScope, fn: TaskFunction<T>, name: string, what: string): Task<T> {
  return spawnChild(nodeOf(scope), fn, { name }, Flag.CALL, what);
}

/** A sleep in a scope that may end early. */
export function pauseIn(scope: TaskScope, delay: number): Pause {
  return pause(nodeOf(scope), delay);
}

type AnyHandoffTask = HandoffTask<unknown, unknown, unknown, unknown, unknown>;

/** A timeout that the native one fires at once; it ends with its scope. */
function longTimeout(node: ScopeNode, ms: number): AbortSignal {
  const controller = new AbortController();
  const { heap } = node.env;
  if (!node.is(Flag.SETTLED)) {
    const entry = heap.add(Date.now() + ms, () => {
      controller.abort(new DOMException("Timed out", "TimeoutError"));
    });
    node.onSettled(() => heap.remove(entry));
  }
  return controller.signal;
}

/** Lets a scope without a function end when its tasks have. */
function finish(node: ScopeNode): void {
  node.flags |= Flag.BODY_DONE;
  endIfReady(node);
}
