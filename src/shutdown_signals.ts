/**
 * The lifetime of this process, as its user configures it: what SIGTERM and SIGINT do.
 *
 * @module
 */
import { type Deadline, DeadlineHeap, parseDeadline } from "./deadline.ts";
import { type DrainReport, type ProcessLifetime, theProcess } from "./process_lifetime.ts";
import { assertFunction, assertOneOf, assertOptions } from "./validate.ts";

/** The signals a {@linkcode ProcessLifetime} can handle. */
export type ShutdownSignal = "SIGTERM" | "SIGINT";

/** Options of {@linkcode processLifetime}. */
export interface ProcessLifetimeOptions {
  /**
   * On these signals: drain, then end the process.
   *
   * @default [] none: the process ends at once, as the runtime has it
   */
  readonly signals?: readonly ShutdownSignal[] | undefined;
  /**
   * How long the drain after a signal may take.
   *
   * @default 10 seconds, as Cloud Run gives
   */
  readonly drain?: Deadline | undefined;
  /** Is told how the drain after a signal went, before the process ends. */
  readonly onDrained?: ((report: DrainReport) => void) | undefined;
  /**
   * Whether to end the process after the drain, with the exit code the signal would have had (143, 130).
   *
   * @default true
   */
  readonly exit?: boolean | undefined;
}

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 };

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
  const { signals = [], drain, onDrained } = options;
  if (onDrained !== undefined) assertFunction(onDrained, `${what}: onDrained`);
  for (const signal of signals) assertOneOf(signal, ["SIGTERM", "SIGINT"], "a signal", what);
  if (drain !== undefined) parseDeadline(drain, Date.now(), what);
  const lifetime = theProcess();
  drainOnSignals(lifetime, options);
  return lifetime;
}

interface Globals {
  readonly process?: {
    on?(signal: string, listener: () => void): unknown;
    exit?(code: number): void;
  };
}

const handled = new WeakMap<ProcessLifetime, Set<ShutdownSignal>>();

/** Has signals of the host drain a lifetime. Of several calls for one signal, the first counts. */
export function drainOnSignals(
  lifetime: ProcessLifetime,
  { signals = [], drain = 10_000, exit = true, onDrained }: ProcessLifetimeOptions,
): void {
  const { process } = globalThis as Globals;
  const known = handled.get(lifetime) ?? new Set();
  handled.set(lifetime, known);
  for (const signal of signals) {
    if (known.has(signal)) continue;
    known.add(signal);
    const end = () => exit && process?.exit?.(EXIT_CODES[signal]);
    let isDraining = false;
    process?.on?.(signal, () => {
      if (isDraining) return end(); // a second signal means: now
      isDraining = true;
      const deadline = new Date(parseDeadline(drain, Date.now(), "Cannot drain"));
      // A turn later: what other listeners of this signal give to waitUntil is waited for, too.
      new DeadlineHeap().add(0, () => {
        void lifetime.drain({ deadline }).then(onDrained).catch(console.error).finally(() => {
          isDraining = false; // where the process stays, the next signal drains again
          end();
        });
      });
    });
  }
}
