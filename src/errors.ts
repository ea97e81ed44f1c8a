/**
 * Why a scope was canceled, and every error class of the core.
 *
 * @module
 */

/**
 * The kind of a cancellation: who or what began it.
 *
 * - `canceled`: `cancel()` was called, or a foreign signal aborted
 * - `deadline`: a scope's own deadline expired
 * - `sibling-failed`: a child of the scope failed, the others are canceled
 * - `body-failed`: the body of the scope failed
 * - `closed`: `close()` or the end of an `await using` block
 * - `disconnected`: the client went away
 * - `shutdown`: the process is draining
 * - `lifetime`: the host is about to end the work
 *
 * See {@linkcode CancelReason}.
 */
export type CancelKind =
  | "canceled"
  | "deadline"
  | "sibling-failed"
  | "body-failed"
  | "closed"
  | "disconnected"
  | "shutdown"
  | "lifetime";

/**
 * The reason of a cancellation that began in this library. `signal.reason` of every signal in the canceled subtree is
 * this very object.
 *
 * Its `name` is `"AbortError"` (`"TimeoutError"` for a deadline), so code that handles an aborted `fetch` handles it too.
 * A reason given by the user, `cancel(x)` or a foreign signal's, passes through by identity instead.
 *
 * @example A sibling that failed is the cause
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { CancelReason, TaskScope } from "@taskscope/taskscope";
 *
 * const boom = new Error("boom");
 * let seen: unknown;
 * await TaskScope.run((scope) => {
 *   scope.spawn(({ signal }) => new Promise((_, reject) => {
 *     signal.addEventListener("abort", () => reject(seen = signal.reason));
 *   }));
 *   scope.spawn(() => Promise.reject(boom));
 * }, { name: "page" }).catch(() => {});
 *
 * assertEquals(seen instanceof CancelReason && [seen.kind, seen.cause, seen.origin], ["sibling-failed", boom, "page"]);
 * ```
 */
export class CancelReason extends Error {
  /** `"AbortError"`, or `"TimeoutError"` for a deadline. */
  override readonly name: string = "AbortError";
  /** Who or what began the cancellation. */
  declare readonly kind: CancelKind;
  /** The path of the scope in which the cancellation began. */
  declare readonly origin: string;

  /**
   * Makes a reason, for code that cancels on its own account.
   *
   * @param kind Who or what began the cancellation.
   * @param origin The path of the scope in which it began.
   * @param message What a person should read.
   * @param options `cause`: the error behind the cancellation, if there is one.
   */
  constructor(kind: CancelKind, origin: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.origin = origin;
  }
}

/**
 * A deadline passed: the reason of the cancellation it causes, and the error with which its scope fails.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { DeadlineExceededError, TaskScope } from "@taskscope/taskscope";
 *
 * await assertRejects(
 *   () => TaskScope.run((scope) => scope.sleep(60_000), { deadline: 5, name: "page" }),
 *   DeadlineExceededError,
 *   '"page"',
 * );
 * ```
 */
export class DeadlineExceededError extends CancelReason {
  /** `"TimeoutError"`, as for `AbortSignal.timeout`. */
  override readonly name = "TimeoutError";
  /** The moment that passed. */
  declare readonly deadline: Date;

  /**
   * Made by the library when a deadline passes.
   *
   * @param origin The path of the scope whose deadline it was.
   * @param deadline The moment that passed.
   * @param message What a person should read.
   */
  constructor(origin: string, deadline: Date, message: string) {
    super("deadline", origin, message);
    this.deadline = deadline;
  }
}

/**
 * Work was given to a scope that has ended.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { ScopeClosedError, TaskScope } from "@taskscope/taskscope";
 *
 * const scope = new TaskScope();
 * await scope.close();
 * assertThrows(() => scope.spawn(() => 1), ScopeClosedError);
 * ```
 */
export class ScopeClosedError extends Error {
  /** `"ScopeClosedError"`. */
  override readonly name = "ScopeClosedError";
}

/**
 * Work was given to a scope that is canceled; `cause` is the reason.
 *
 * @example
 * ```ts
 * import { assertStrictEquals, assertThrows } from "@std/assert";
 * import { ScopeCanceledError, TaskScope } from "@taskscope/taskscope";
 *
 * await using scope = new TaskScope();
 * const reason = new Error("enough");
 * scope.cancel(reason);
 * const error = assertThrows(() => scope.spawn(() => 1), ScopeCanceledError);
 * assertStrictEquals(error.cause, reason);
 * ```
 */
export class ScopeCanceledError extends Error {
  /** `"ScopeCanceledError"`. */
  override readonly name = "ScopeCanceledError";
}

/** A task named by an {@linkcode AbandonedTasksError}. */
export interface AbandonedTask {
  /** The name of the task. */
  readonly name: string;
  /** The path of the task, from the root scope down. */
  readonly path: string;
}

/**
 * Tasks went on although they were canceled and `grace` had passed; the scope stopped waiting for them.
 *
 * JavaScript cannot stop them: they may still run. `cause` is the reason of the cancellation they ignored.
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { AbandonedTasksError, TaskScope } from "@taskscope/taskscope";
 *
 * const stuck = Promise.withResolvers<void>();
 * const error = await assertRejects(
 *   () => TaskScope.run((scope) => {
 *     scope.spawn(() => stuck.promise, { name: "stuck" });
 *     return scope.sleep(1).then(() => scope.cancel());
 *   }, { grace: 5, name: "page" }),
 *   AbandonedTasksError,
 * );
 * assertEquals(error.tasks, [{ name: "stuck", path: "page/stuck" }]);
 * stuck.resolve();
 * ```
 */
export class AbandonedTasksError extends Error {
  /** `"AbandonedTasksError"`. */
  override readonly name = "AbandonedTasksError";
  /** The tasks that ignored their cancellation. */
  declare readonly tasks: readonly AbandonedTask[];

  /**
   * Made by the library when grace has passed.
   *
   * @param tasks The tasks that ignored their cancellation.
   * @param message What a person should read.
   * @param options `cause`: the reason they ignored.
   */
  constructor(tasks: readonly AbandonedTask[], message: string, options?: ErrorOptions) {
    super(message, options);
    this.tasks = tasks;
  }
}

/**
 * What a scope with `errors: "aggregate"` fails with, however many errors there are. `errors[0]` and `cause` are the
 * primary error, the later ones follow in order.
 *
 * @example
 * ```ts
 * import { assertRejects, assertStrictEquals } from "@std/assert";
 * import { ScopeError, TaskScope } from "@taskscope/taskscope";
 *
 * const boom = new Error("boom");
 * const error = await assertRejects(
 *   () => TaskScope.run(() => Promise.reject(boom), { errors: "aggregate" }),
 *   ScopeError,
 * );
 * assertStrictEquals(error.errors[0], boom);
 * assertStrictEquals(error.cause, boom);
 * ```
 */
export class ScopeError extends AggregateError {
  /** `"ScopeError"`. */
  override readonly name = "ScopeError";
}

/**
 * A detached task asked for more time than its lifetime has left; nothing was started.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { LifetimeLimitError, TaskScope } from "@taskscope/taskscope";
 *
 * const lifetime = { waitUntil() {}, deadline: new Date(Date.now() + 30_000) };
 * await using scope = new TaskScope({ lifetime });
 * const error = assertThrows(
 *   () => scope.spawnDetached(() => {}, { deadline: { minutes: 10 } }),
 *   LifetimeLimitError,
 * );
 * assertEquals(error.requested, 600_000);
 * ```
 */
export class LifetimeLimitError extends RangeError {
  /** `"LifetimeLimitError"`. */
  override readonly name = "LifetimeLimitError";
  /** The time asked for, in milliseconds. */
  declare readonly requested: number;
  /** The time there is, in milliseconds, after the margin. */
  declare readonly available: number;
  /** Where the limit comes from. */
  declare readonly source: string;

  /**
   * Made by the library when a deadline does not fit.
   *
   * @param requested The time asked for, in milliseconds.
   * @param available The time there is, in milliseconds.
   * @param source Where the limit comes from.
   * @param message What a person should read.
   */
  constructor(requested: number, available: number, source: string, message: string) {
    super(message);
    this.requested = requested;
    this.available = available;
    this.source = source;
  }
}

/**
 * Nothing here can keep a detached task alive; nothing was started. `cause` is what the host threw, if it threw.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { LifetimeUnavailableError, TaskScope } from "@taskscope/taskscope";
 *
 * const lifetime = {
 *   waitUntil() {
 *     throw new Error("too late");
 *   },
 * };
 * await using scope = new TaskScope({ lifetime });
 * assertThrows(() => scope.spawnDetached(() => {}, { deadline: 1_000 }), LifetimeUnavailableError);
 * ```
 */
export class LifetimeUnavailableError extends Error {
  /** `"LifetimeUnavailableError"`. */
  override readonly name = "LifetimeUnavailableError";
}
