/**
 * Warnings of misuse, for development: what cannot be an error, because now and then it is meant, but mostly is not.
 *
 * @module
 */
import * as Flag from "../flags.ts";
import type { ScopeNode } from "../scope_node.ts";
import { readEnv } from "../platforms/globals.ts";
import { TaskScope } from "../task_scope.ts";
import { assertFunction, assertNumber, assertOneOf, assertOptions, isThenable } from "../validate.ts";
import { type Sight, watch } from "../watch.ts";
import { inertText } from "../inert_text.ts";
import { closedScopes } from "./misuse/closed_scopes.ts";
import type { Detector, Finding, MisuseKind, MisuseWarning } from "./misuse/detector.ts";
import { ignoredCancellation } from "./misuse/ignored_cancellation.ts";
import { longDeadlines } from "./misuse/long_deadlines.ts";
import { placeOf } from "./misuse/place.ts";
import { queueDeadlocks } from "./misuse/queue_deadlocks.ts";
import { unclosedScopes } from "./misuse/unclosed_scopes.ts";
import { unseenErrors } from "./misuse/unseen_errors.ts";

export type { MisuseKind, MisuseWarning };

/** Options of {@linkcode watchMisuse}. */
export interface MisuseOptions {
  /**
   * Receives each warning. One that throws is told once with `console.error`.
   *
   * @default console.warn with the message
   */
  readonly onWarning?: ((warning: MisuseWarning) => void) | undefined;
  /**
   * How long a canceled task may go on before that is a warning, in milliseconds. Also how long the tasks of a full
   * scope may wait for ones queued behind them.
   *
   * @default 1000
   */
  readonly patience?: number | undefined;
  /**
   * Whether to watch at all.
   *
   * @default not where `NODE_ENV` or `DENO_ENV` is "production"
   */
  readonly enabled?: boolean | undefined;
}

const OPTIONS = ["onWarning", "patience", "enabled"];
const PATIENCE = 1_000;
const MOST = 1_000; // warnings, and places known: code that makes code must not fill the memory
const LONGEST = 500; // characters of a place

/**
 * Watches all scopes of the process for misuse, in development. Each kind is told once for each place in your code, with
 * the place and what to do:
 *
 * - `unseen-error`: a task failed, nobody awaited it, and no observer and no subscriber was told: under
 *   `policy: "supervise"`, detached, or after the primary failure. The error is on the console and nowhere else.
 * - `scope-not-closed`: a scope made with `new` was collected, and neither `close` nor `join` had been called.
 * - `cancellation-ignored`: a task runs `patience` ms after it was canceled. What waits for a shield, for cleanup or for
 *   another task is not told; one with a shorter `grace` fails with `AbandonedTasksError` anyway.
 * - `queue-deadlock`: all places of a scope with `concurrency` have been taken for `patience` ms by tasks that await tasks
 *   queued behind them. Needs AsyncLocalStorage; where there is none, this kind is not told.
 * - `closed-scope-used`: `signal`, `timeoutSignal` or `abortable` of a scope that has ended well: nothing cancels it.
 * - `deadline-too-long`: `onExceed: "clamp"` made a deadline shorter, or a root scope has one after the end of its
 *   lifetime; with both numbers.
 *
 * **Guarantees.** Work is not disturbed: nothing is thrown, no scope or task is kept, and the process at most for
 * `patience`: where the tasks of a queue wait for each other, or canceled ones have an endless `grace`. Names, reasons
 * and errors are inert in every text. Until the result is disposed of, a spawn costs a look at the stack, some ten
 * microseconds: not for production, where this does nothing. Where neither variable is set, as on many edge hosts, say
 * so with `enabled`. A bundle for production has nothing of it where the import is a conditional one:
 * `if (process.env.NODE_ENV !== "production") (await import("@taskscope/taskscope/inspect")).watchMisuse()`.
 *
 * @param options See {@linkcode MisuseOptions}.
 * @returns Ends the watch when disposed of.
 * @throws {TypeError} If an option is unknown or of the wrong type.
 * @throws {RangeError} If `patience` is NaN, infinite or negative.
 *
 * @example A deadline that the host does not allow
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TaskScope } from "@taskscope/taskscope";
 * import { watchMisuse } from "@taskscope/taskscope/inspect";
 *
 * const kinds: string[] = [];
 * {
 *   using _watch = watchMisuse({ onWarning: ({ kind }) => kinds.push(kind) });
 *   const lifetime = { waitUntil() {}, deadline: new Date(Date.now() + 30_000) };
 *   await TaskScope.run(async (scope) => {
 *     await scope.spawnDetached(() => {}, { deadline: { minutes: 10 }, onExceed: "clamp" });
 *   }, { lifetime });
 * }
 * assertEquals(kinds, ["deadline-too-long"]);
 * ```
 */
export function watchMisuse(options: MisuseOptions = {}): Disposable {
  const what = "Cannot watch for misuse";
  assertOptions(options, OPTIONS, what);
  const { onWarning = toConsole, patience = PATIENCE, enabled = !isProduction() } = options;
  assertFunction(onWarning, what);
  assertNumber(patience, "patience", what);
  assertOneOf(enabled, [true, false], "enabled", what);
  if (!enabled) return { [Symbol.dispose]() {} };

  const places = new WeakMap<ScopeNode, string>();
  const known = new Map<string, string>();
  const told = new Set<string>();
  let isStopped = false;
  let hasFailed = false;
  const failed = (error: unknown) => {
    if (!hasFailed) console.error("TaskScope: a warning of misuse failed (told once):", error);
    hasFailed = true;
  };
  const attempt = (call: () => unknown) => {
    try {
      const result = call();
      if (isThenable(result)) result.then(undefined, failed); // an async receiver must not end the process
    } catch (error) {
      failed(error);
    }
  };

  function warn({ kind, path, place, what, advice, verb }: Finding): void {
    const key = `${kind} ${place}`;
    if (isStopped || told.has(key) || told.size >= MOST) return;
    told.add(key);
    const where = place === undefined ? "an unknown place" : inertText(place, LONGEST);
    const message = `Misuse (${kind}): ${what}. ${advice}. ${verb} at ${where}`;
    const warning = { kind, message, place: place && where, path: inertText(path), at: Date.now() };
    attempt(() => onWarning(warning));
  }

  const desk = {
    patience,
    warn,
    placeOf(from: ScopeNode): string | undefined {
      let node: ScopeNode | undefined = from;
      while (node && !places.has(node)) node = node.parent;
      return node && places.get(node);
    },
  };

  function note(node: ScopeNode): void {
    const place = placeOf({ boundaries: boundariesOf(node) });
    if (place === undefined) return;
    if (known.size >= MOST) known.clear();
    if (!known.has(place)) {
      const copy = JSON.parse(JSON.stringify(place)); // a part of a string keeps the whole stack
      known.set(copy, copy);
    }
    places.set(node, known.get(place) ?? "");
  }

  const detectors: Detector[] = [
    unseenErrors,
    unclosedScopes,
    ignoredCancellation,
    queueDeadlocks,
    closedScopes,
    longDeadlines,
  ].map((make) => make(desk));
  const end = watch((node: ScopeNode, sight: Sight, args: readonly unknown[]) => {
    attempt(() => {
      if (sight === "onSpawn" || sight === "onOpen") note(node);
      for (const { see } of detectors) see?.(node, sight, args);
    });
  });
  return {
    [Symbol.dispose]() {
      if (isStopped) return;
      isStopped = true;
      end();
      for (const { stop } of detectors) stop?.();
    },
  };
}

/** The public functions that make a node. */
function boundariesOf(node: ScopeNode): unknown[] {
  const { spawn, trySpawn, shield, spawnDetached } = TaskScope.prototype;
  if (node.task) {
    if (node.is(Flag.DETACHED)) return [spawnDetached];
    return node.is(Flag.SHIELD) ? [shield] : [trySpawn, spawn];
  }
  return node.is(Flag.MANUAL) ? [TaskScope] : [TaskScope.run];
}

function toConsole({ message }: MisuseWarning): void {
  console.warn(`TaskScope: ${message}`);
}

function isProduction(): boolean {
  return readEnv("NODE_ENV") === "production" || readEnv("DENO_ENV") === "production";
}
