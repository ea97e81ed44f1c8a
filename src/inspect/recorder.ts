/**
 * The recorder: what happened lately, in fixed memory.
 *
 * @module
 */
import { assertCount, assertFunction, assertOneOf, assertOptions } from "../validate.ts";
import { watch } from "../watch.ts";
import type { LifecycleEvent } from "./events.ts";
import { Listeners } from "./recorder_listeners.ts";
import { Ring } from "./recorder_ring.ts";
import { Scribe } from "./recorder_scribe.ts";

/** Options of a {@linkcode Recorder}. */
export interface RecorderOptions {
  /**
   * How many events it remembers; older ones are dropped. Each takes about 120 bytes, and what its texts take.
   *
   * @default 10_000
   */
  readonly capacity?: number | undefined;
  /**
   * Whether to note where each scope and task was spawned. Costs tens of microseconds a spawn, on Deno more than a hundred.
   *
   * @default false
   */
  readonly stacks?: boolean | undefined;
}

const CAPACITY = 10_000;
const LARGEST = 10_000_000;

/**
 * Writes down what happens to every scope and task of this process. It keeps the last `capacity` events, and where what
 * still lives was spawned.
 *
 * **Guarantees.** Nothing is watched until `start()`, and after `stop()`. Memory is fixed: events are numbers and cut
 * texts (names 200 characters, messages 1000), and no scope, task, value, error or reason is kept alive. Recording never
 * throws into the work. What was there before `start()` appears with its true time as soon as anything happens to it, or
 * below it.
 *
 * **Times** are those of the system's clock. A spawn has the time that the library itself read. Other events that follow
 * each other without a turn of the event loop's microtasks between them share one look at the clock, 16 at most: a
 * function that blocks the thread may make the start of those right behind it appear early. The end of a function that
 * never waits is read anew.
 *
 * @example What became of each task
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TaskScope } from "@taskscope/taskscope";
 * import { Recorder } from "@taskscope/taskscope/inspect";
 *
 * using recorder = new Recorder({ capacity: 1_000 });
 * recorder.start();
 * await TaskScope.run((scope) => void scope.spawn(() => 1, { name: "one" }), { name: "page" });
 *
 * assertEquals(
 *   recorder.events().map((event) => event.type === "spawn" ? `spawn ${event.name}` : event.type),
 *   ["spawn page", "spawn one", "start", "settle", "settle"],
 * );
 * ```
 */
export class Recorder implements Disposable {
  readonly #ring: Ring;
  readonly #scribe: Scribe;
  readonly #listeners: Listeners;
  #unwatch: (() => void) | undefined; // while it records

  /**
   * Makes a recorder; it does nothing yet.
   *
   * @param options See {@linkcode RecorderOptions}.
   * @throws {TypeError} If an option is unknown or of the wrong type.
   * @throws {RangeError} If the capacity is not a whole number from 1 to ten million.
   */
  constructor(options: RecorderOptions = {}) {
    const what = "Cannot make a recorder";
    assertOptions(options, ["capacity", "stacks"], what);
    const { capacity = CAPACITY, stacks = false } = options;
    assertCount(capacity, "capacity", what, LARGEST);
    assertOneOf(stacks, [true, false], "stacks", what);
    this.#ring = new Ring(capacity);
    this.#listeners = new Listeners(this.#ring);
    this.#scribe = new Scribe(this.#ring, stacks);
  }

  /** Whether it records now. */
  get recording(): boolean {
    return this.#unwatch !== undefined;
  }

  /** How many events were recorded that `events()` does not have any more. */
  get dropped(): number {
    return this.#ring.dropped;
  }

  /** Begins to record, and goes on where it stopped. A second call changes nothing. */
  start(): void {
    if (this.#unwatch) return;
    this.#scribe.meetAnew();
    this.#unwatch = watch((node, sight, args, spawner) => {
      this.#scribe.see(node, sight, args, spawner);
      if (this.#listeners.size > 0) this.#listeners.tell();
    });
  }

  /** Stops recording; the events stay. A second call changes nothing. */
  stop(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#scribe.meetAnew();
  }

  /**
   * What was recorded, in that order. Before it, the spawns of what still lives, if they are older than that; a spawn
   * recorded late has its true, earlier time.
   *
   * When the ring is full, the oldest events are dropped: an event may be about an `id` whose spawn is gone.
   *
   * @returns New plain objects.
   */
  events(): LifecycleEvent[] {
    return this.#ring.events();
  }

  /** Forgets every event. What lives appears again when something happens to it. */
  clear(): void {
    this.#ring.clear();
    this.#listeners.reset();
    this.#scribe.meetAnew();
  }

  /**
   * Has each event told as it is recorded, at once. A listener that throws, or rejects, is reported once with
   * `console.error` and never disturbs work. It should not open scopes or spawn: it would hear of them, too.
   *
   * @param listener Receives a plain object.
   * @returns What ends it.
   * @throws {TypeError} If `listener` is not a function.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { TaskScope } from "@taskscope/taskscope";
   * import { Recorder } from "@taskscope/taskscope/inspect";
   *
   * const recorder = new Recorder();
   * const seen: string[] = [];
   * const unsubscribe = recorder.subscribe(({ type }) => void seen.push(type));
   * recorder.start();
   * await TaskScope.run(() => {});
   * recorder.stop();
   * unsubscribe();
   * recorder.clear();
   * assertEquals([seen, recorder.events()], [["spawn", "settle"], []]);
   * ```
   */
  subscribe(listener: (event: LifecycleEvent) => void): () => void {
    assertFunction(listener, "Cannot subscribe to a recorder");
    return this.#listeners.add(listener);
  }

  /** As `stop()`, and forgets the listeners. */
  [Symbol.dispose](): void {
    this.stop();
    this.#listeners.clear();
  }
}
