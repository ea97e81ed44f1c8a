/**
 * What a worker does with one delivery after the other.
 *
 * @module
 */
import { CancelReason } from "../errors.ts";
import { Bell } from "../http/operations/bell.ts";
import { TaskScope } from "../task_scope.ts";
import { assertNumber } from "../validate.ts";
import type { AnyDurableTask } from "./durable_task.ts";
import { DeliveryRun, type RunEnv } from "./delivery_run.ts";
import type { Delivery, Engine, Verdict } from "./engine.ts";
import { assertEngine } from "./handoff_to.ts";
import { Pulse } from "./pulse.ts";
import { type ReceiverOptions, type ReceiverSettings, settingsOf } from "./receiver_options.ts";
import { GIVE_BACK } from "./verdicts.ts";

/** What became of the deliveries of a worker so far. See {@linkcode worker}. */
export interface WorkerCounters {
  /** Deliveries that have no verdict yet. */
  readonly running: number;
  /** Tasks that ended with a result. */
  readonly succeeded: number;
  /** Tasks that ended with an error. */
  readonly failed: number;
  /** Tasks that somebody canceled. */
  readonly canceled: number;
  /** Tasks whose deadline had passed before they could run. */
  readonly dropped: number;
  /** Messages that could not be processed. */
  readonly dead: number;
  /** Attempts that are followed by another. */
  readonly retried: number;
  /** Deliveries that were given back unfinished. */
  readonly givenBack: number;
  /** Deliveries of tasks that had ended before: the engine had not heard of it. */
  readonly repeated: number;
}

/**
 * Runs deliveries: what `worker` does with what it takes, and what an engine that pushes hands to it.
 *
 * **Guarantees.** A verdict is given when nothing of its delivery runs any more, unless it was abandoned or the worker ends.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { inProcessEngine, Receiver } from "@taskscope/taskscope/durable";
 *
 * const receiver = new Receiver([], inProcessEngine(), { onEnd() {} });
 * const verdict = await receiver.receive({ id: "1", body: '{"v":7}', attempt: 1 });
 * assertEquals(verdict, { kind: "dead", reason: "The envelope has version 7, only 1 is known here" });
 * receiver.cancel(); // what runs, if it may not end by itself
 * await receiver.close();
 * ```
 */
export class Receiver {
  readonly #settings: ReceiverSettings;
  readonly #scope: TaskScope;
  readonly #env: RunEnv;
  readonly #counts: { -readonly [Name in keyof WorkerCounters]: number };
  readonly #cuts = new Set<() => void>(); // one for each delivery that has no verdict
  readonly #idle = new Bell();
  #isClosing = false;

  /**
   * One for a worker, or for a batch where the engine pushes.
   *
   * @param tasks What can be run.
   * @param engine Where the messages come from.
   * @param options See {@linkcode ReceiverOptions}.
   * @throws {TypeError} If something is missing, unknown or of the wrong type.
   * @throws {RangeError} If a number is out of range.
   */
  constructor(tasks: readonly AnyDurableTask[], engine: Engine, options: ReceiverOptions = {}) {
    const what = "Cannot make a worker";
    assertEngine(engine, what);
    const settings = settingsOf(tasks, options, what);
    const { lifetime, observer, taskGrace: grace } = settings;
    this.#settings = settings;
    this.#scope = new TaskScope({ name: "worker", policy: "supervise", lifetime, observer, grace });
    const counts = {
      ...{ running: 0, succeeded: 0, failed: 0, canceled: 0, dropped: 0, dead: 0 },
      ...{ retried: 0, givenBack: 0, repeated: 0 },
    };
    this.#counts = counts;
    const count = (what: keyof WorkerCounters) => void counts[what]++;
    this.#env = { engine, settings, scope: this.#scope, count, isClosing: () => this.#scope.state !== "open" };
  }

  /** What became of the deliveries so far. */
  get counters(): WorkerCounters {
    return { ...this.#counts };
  }

  /**
   * Does what a delivery asks for. Never rejects.
   *
   * @param delivery From the engine.
   * @returns What the engine is to do with it.
   */
  async receive(delivery: Delivery): Promise<Verdict> {
    const { lease, poll, onError } = this.#settings;
    const counts = this.#counts;
    if (this.#isClosing) {
      counts.givenBack++;
      return GIVE_BACK;
    }
    counts.running++;
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    const run = new DeliveryRun(this.#env, delivery);
    const cut = () => {
      resolve(GIVE_BACK);
      run.abandon();
    };
    this.#cuts.add(cut);
    const pulse = new Pulse(delivery, {
      ...{ lease, poll, onError },
      look: this.#env.engine.records || this.#settings.operations ? () => run.look() : undefined,
      onCancel: (reason) => run.cancel("asked", reason),
      onLost: () => run.cancel("lost", "The lease of its message is lost, another worker may have it"),
    });
    pulse.run().catch(onError);
    run.run().catch((error) => {
      onError(error);
      return run.afterMistake(error);
    }).then(resolve);
    const verdict = await promise;
    pulse.stop();
    this.#cuts.delete(cut);
    counts.running--;
    if (verdict.kind === "give-back") counts.givenBack++;
    if (this.#cuts.size === 0) this.#idle.ring();
    return verdict;
  }

  /**
   * Takes nothing more, and lets what runs go on for a while; what has not ended by then is canceled, and given back.
   *
   * @param patience How long it may go on, in milliseconds.
   * @param margin How long before the end of that it is canceled, in milliseconds; by default a second, but at most a
   * quarter of it.
   * @throws {TypeError} If one is not a number.
   * @throws {RangeError} If one is out of range.
   */
  async close(patience = 0, margin: number = Math.min(1_000, patience / 4)): Promise<void> {
    for (const [name, ms] of Object.entries({ patience, margin })) assertNumber(ms, name, "Cannot close a worker");
    this.#isClosing = true;
    const end = Date.now() + patience;
    await this.#untilIdle(end - margin);
    this.cancel();
    await this.#untilIdle(end);
    for (const cut of [...this.#cuts]) cut();
    void this.#scope.close().catch(() => {}); // what was abandoned has been told to the observer
  }

  /** Takes nothing more and cancels what runs; it is given back when it has ended. */
  cancel(): void {
    this.#isClosing = true;
    this.#scope.cancel(new CancelReason("shutdown", this.#scope.path, "The worker is shutting down"));
  }

  async #untilIdle(end: number): Promise<void> {
    while (this.#cuts.size > 0 && Date.now() < end) await this.#idle.wait(end - Date.now());
  }
}
