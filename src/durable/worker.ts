/**
 * The consumer: takes messages from an engine, and runs their tasks.
 *
 * @module
 */
import type { Lifetime } from "../lifetime.ts";
import { theProcess } from "../process_lifetime.ts";
import { Bell } from "../http/operations/bell.ts";
import { processLifetime, type ShutdownSignal } from "../shutdown_signals.ts";
import { assertSignal, follow } from "../signals.ts";
import { assertCount, assertNumber, assertOneOf, assertOptions, isThenable, wrong } from "../validate.ts";
import type { AnyDurableTask } from "./durable_task.ts";
import type { Consumption, Engine } from "./engine.ts";
import { Receiver, type WorkerCounters } from "./receiver.ts";
import { onErrorOf, RECEIVER_OPTIONS, type ReceiverOptions } from "./receiver_options.ts";

/** Options of {@linkcode worker}. */
export interface WorkerOptions extends ReceiverOptions {
  /**
   * How many tasks run at once.
   *
   * @default 10
   */
  readonly concurrency?: number | undefined;
  /**
   * How long it may take to stop, in milliseconds: what runs goes on, is canceled shortly before the end, and is given back.
   *
   * @default 8 seconds, as most hosts give 10
   */
  readonly grace?: number | undefined;
  /** Stops it when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /**
   * On these signals: stop, then end the process, as `processLifetime` does. Not with a `lifetime` of your own: then it
   * stops when that is `closing`. Of several workers in a process, the `grace` of the first bounds them all; so does the
   * `drain` of a `processLifetime({ signals })` called before.
   *
   * @default ["SIGTERM"], and [] with a lifetime
   */
  readonly signals?: readonly ShutdownSignal[] | undefined;
}

/** A running worker; made by {@linkcode worker}. */
export interface TaskWorker extends AsyncDisposable {
  /** What became of its deliveries so far. */
  readonly counters: WorkerCounters;
  /** Resolves when the engine has let it in; while it does not, it is asked again, and `onError` hears of it. */
  readonly ready: Promise<void>;
  /** Resolves when it has stopped, whoever asked for that. */
  readonly stopped: Promise<void>;
  /**
   * Takes nothing more, and lets what runs go on for `grace`; what it could not finish is canceled and given back. Resolves
   * when the engine has heard of it all, and never rejects; an engine that cannot be told is waited for 2 seconds longer.
   */
  stop(): Promise<void>;
}

interface Process {
  readonly process?: {
    on?(signal: string, listener: () => void): unknown;
    off?(signal: string, listener: () => void): unknown;
  };
}

const OPTIONS = ["concurrency", "grace", "signal", "signals"];
const FIRST_RETRY = 250;
const LAST_RETRY = 10_000;
const LAST_GRACE = 500;
const AFTER_GRACE = 2_000; // for the verdicts to reach the engine

/**
 * Takes messages from an engine and runs their tasks, each in a scope with the deadline it was handed off with.
 *
 * **At least once**: a message is done with when its task has ended; if its worker dies before, another takes it. What must
 * not happen twice belongs into `run.once`.
 *
 * **Guarantees.** What is past its deadline is dropped, and told. What fails is tried again after a while with full jitter,
 * until `maxAttempts` or the deadline; then it is a dead letter with its last error. What can never be processed is a dead
 * letter at once. A task that somebody canceled is not tried again. The remaining time is the engine's, where it tells how
 * long a message waited: clocks of producers and workers need not agree. The end of a task is in the records before the
 * engine forgets the message, so that one that comes again after its end does not run again.
 *
 * @param tasks What it can run.
 * @param engine Where it takes messages from.
 * @param options See {@linkcode WorkerOptions}.
 * @returns The running worker.
 * @throws {TypeError} If something is missing, unknown or of the wrong type, or the engine pushes.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TaskScope } from "@taskscope/taskscope";
 * import { defineTask, inProcessEngine, worker } from "@taskscope/taskscope/durable";
 * import { z } from "zod";
 *
 * const done = Promise.withResolvers<string>();
 * const greet = defineTask("greet", z.object({ name: z.string() }), (_scope, { name }) => done.resolve(name));
 *
 * const engine = inProcessEngine();
 * const consumer = worker([greet], engine, { concurrency: 2, signals: [] });
 * await TaskScope.run((scope) => {
 *   scope.handoff(greet, { name: "Ada" }, { deadline: { minutes: 10 }, engine });
 * });
 * assertEquals(await done.promise, "Ada");
 * await consumer.stop();
 * assertEquals(consumer.counters.succeeded, 1);
 * ```
 */
export function worker(tasks: readonly AnyDurableTask[], engine: Engine, options: WorkerOptions = {}): TaskWorker {
  const what = "Cannot start a worker";
  assertOptions(options, [...RECEIVER_OPTIONS, ...OPTIONS], what);
  const { concurrency = 10, grace = 8_000, signal, lifetime, signals = lifetime ? [] : ["SIGTERM"], ...rest } = options;
  assertCount(concurrency, "concurrency", what, 10_000);
  assertNumber(grace, "grace", what);
  if (signal !== undefined) assertSignal(signal, what);
  for (const each of signals) assertOneOf(each, ["SIGTERM", "SIGINT"], "a signal", what);
  const receiver = new Receiver(tasks, engine, { ...rest, lifetime });
  if (!engine.consume) {
    throw wrong(what, "an engine with consume() is needed; one that pushes has its own entry", engine);
  }
  return new RunningWorker(receiver, engine, { concurrency, grace, signal, signals, ...rest, lifetime });
}

class RunningWorker implements TaskWorker {
  readonly #receiver: Receiver;
  readonly #ready = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  readonly #bell = new Bell();
  readonly #engine: string;
  readonly #cleanups: (() => void)[] = [];
  #grace: number; // shorter once the host ends
  readonly #lifetime: Lifetime;
  readonly #onError: (error: unknown) => void;
  readonly #consuming: Promise<Consumption | undefined>;
  #isStopping = false;

  constructor(
    receiver: Receiver,
    engine: Engine,
    { concurrency = 1, lease = 30_000, grace = 0, signal, signals = [], lifetime = theProcess(), onError }:
      WorkerOptions,
  ) {
    this.#receiver = receiver;
    this.#grace = grace;
    this.#lifetime = lifetime;
    this.#onError = onErrorOf(onError, "Cannot start a worker");
    this.#engine = engine.name;
    this.#consuming = this.#consume(engine, { concurrency, lease, onError: this.#onError });
    const stop = () => void this.stop();
    if (signals.length > 0) {
      // It drains, and ends the process; unless the program has asked for its own way before.
      processLifetime({ signals, drain: grace + AFTER_GRACE });
      const { process } = globalThis as Process;
      for (const each of signals) {
        process?.on?.(each, stop);
        this.#cleanups.push(() => process?.off?.(each, stop));
      }
    }
    const { closing } = lifetime;
    if (closing) {
      this.#cleanups.push(follow(closing, () => {
        this.#grace = Math.min(this.#grace, LAST_GRACE); // there is no time for more
        this.#receiver.cancel();
        stop();
      }));
    }
    if (signal) this.#cleanups.push(follow(signal, stop));
  }

  get counters(): WorkerCounters {
    return this.#receiver.counters;
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  stop(): Promise<void> {
    if (this.#isStopping) return this.stopped;
    this.#isStopping = true;
    this.#bell.ring();
    try {
      const held = this.#lifetime.waitUntil(this.stopped);
      if (isThenable(held)) Promise.resolve(held).catch((error) => this.#onError(error));
    } catch (error) {
      this.#onError(error); // the host ends: what it does not wait for comes again
    }
    void this.#stop().catch((error) => this.#onError(error)).finally(() => {
      for (const cleanup of this.#cleanups) cleanup();
      this.#ready.resolve();
      this.#stopped.resolve();
    });
    return this.stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    const closing = this.#receiver.close(this.#grace); // from now on, it gives back what it gets
    const hasLeft = new Bell();
    void this.#consuming
      .then((consumption) => consumption?.stop())
      .catch((error) => this.#onError(error))
      .finally(() => hasLeft.ring());
    await closing;
    if (await hasLeft.wait(AFTER_GRACE)) return;
    const what = `The engine ${this.#engine} has not stopped ${AFTER_GRACE} ms after its worker`;
    this.#onError(new Error(`${what}: what it was not told of comes again`));
  }

  /** Asks the engine until it lets it in, or the worker stops. */
  async #consume(
    engine: Engine,
    options: Parameters<NonNullable<Engine["consume"]>>[1],
  ): Promise<Consumption | undefined> {
    await undefined; // not before the worker is there
    for (let delay = FIRST_RETRY; !this.#isStopping; delay = Math.min(2 * delay, LAST_RETRY)) {
      try {
        const consumption = await engine.consume?.((delivery) => this.#receiver.receive(delivery), options);
        this.#ready.resolve();
        return consumption;
      } catch (error) {
        this.#onError(error);
        await this.#bell.wait(delay);
      }
    }
    return undefined;
  }
}
