/**
 * The recorder: what happened lately, in fixed memory.
 *
 * @module
 */
import type { CancelKind } from "../errors.ts";
import * as Flag from "../flags.ts";
import type { ErrorPhase, Outcome } from "../observer.ts";
import type { ScopeNode } from "../scope_node.ts";
import { assertCount, assertFunction, assertOneOf, assertOptions, isThenable } from "../validate.ts";
import { type Sight, watch } from "../watch.ts";
import type { LifecycleEvent } from "./events.ts";
import * as Code from "./recorder_ring.ts";
import { cut, messageOf, NameCutter, placeOfCall } from "./recorder_text.ts";

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
const LONGEST_NAME = 200;
const LONGEST_PATH = 1_000;
const SHARED = 16; // how many events one look at the clock is for, at most
const READY = Promise.resolve();

/**
 * Writes down what happens to every scope and task of this process: the last `capacity` events, and where what still
 * lives was spawned.
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
  readonly #ring: Code.Ring;
  readonly #stacks: boolean;
  readonly #listeners = new Map<object, (event: LifecycleEvent) => void>();
  #unwatch: (() => void) | undefined; // while it records
  readonly #clock: Float64Array; // the last look at it
  #uses = SHARED; // of it; as many as may be when the microtasks of its moment have run
  #isForgetting = false; // whether that is going to be noted
  #first = Infinity; // the first spawn it saw itself: whatever has a lower mark was there before
  readonly #introduced = new Set<number>(); // of those, the living ones it has met
  readonly #names = new NameCutter();
  #opening: ScopeNode | undefined; // a root scope whose deadline is not known yet, for the moment
  #canceled = 0; // where the last cancellation began
  #reason = ""; // and why
  #told = 0; // how many events the listeners have heard of
  #isTelling = false;
  readonly #forget = () => {
    this.#uses = SHARED;
    this.#isForgetting = false;
  };
  readonly #opened = () => this.#open();

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
    this.#ring = new Code.Ring(capacity);
    this.#clock = this.#ring.clock;
    this.#stacks = stacks;
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
    this.#meetAnew();
    this.#unwatch = watch((node, sight, args, spawner) => this.#see(node, sight, args, spawner));
  }

  /** Stops recording; the events stay. A second call changes nothing. */
  stop(): void {
    this.#open();
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#introduced.clear();
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
    this.#open();
    return this.#ring.events();
  }

  /** Forgets every event. What lives appears again when something happens to it. */
  clear(): void {
    this.#open();
    this.#ring.clear();
    this.#told = 0;
    this.#meetAnew();
  }

  /**
   * Has each event told as it is recorded, at once. A listener that throws, or rejects, is reported once with
   * `console.error` and never disturbs work. It should not open scopes or spawn: it would hear of them, too.
   *
   * @param listener Receives a plain object.
   * @returns What ends it.
   * @throws {TypeError} If `listener` is not a function.
   */
  subscribe(listener: (event: LifecycleEvent) => void): () => void {
    assertFunction(listener, "Cannot subscribe to a recorder");
    this.#open();
    if (this.#listeners.size === 0) this.#told = this.#ring.total;
    const key = {};
    this.#listeners.set(key, listener);
    return () => void this.#listeners.delete(key);
  }

  /** As `stop()`, and forgets the listeners. */
  [Symbol.dispose](): void {
    this.stop();
    this.#listeners.clear();
  }

  #meetAnew(): void {
    this.#first = Infinity;
    this.#introduced.clear();
    this.#canceled = 0;
    this.#reason = "";
  }

  #see(node: ScopeNode, sight: Sight, args: readonly unknown[], spawner: number): void {
    if (this.#opening !== undefined) this.#open();
    if (sight === "onSpawn") this.#spawned(node, spawner);
    else if (sight === "onOpen") this.#openedRoot(node);
    else {
      if ((spawner === 0 || node.mark < this.#first) && !isOver(node, sight, args)) this.#introduce(node);
      if (sight === "onStart") this.#started(node);
      else if (sight === "onSettle") this.#settled(node, (args as [unknown, Outcome<unknown>])[1]);
      else this.#seeTrouble(node, sight, args);
    }
    if (this.#listeners.size > 0 && this.#opening === undefined) this.#tell();
  }

  #spawned(node: ScopeNode, spawner: number): void {
    const { parent } = node;
    if (parent !== undefined && !this.#hasSeen(parent, node)) this.#introduce(parent);
    if (this.#first === Infinity) this.#first = node.mark;
    this.#writeSpawn(node, parent === undefined ? spawner : parent.mark);
    if (this.#stacks) this.#writePlace();
  }

  /** @param other Its parent, or of a detached task its spawner. */
  #writeSpawn(node: ScopeNode, other: number): void {
    const { mark, parent, limit, label, flags, env } = node;
    const looked = this.#clock[0] as number;
    const at = this.#clock[0] = env.since + node.born;
    const kind = (flags & Flag.DETACHED) !== 0 ? 2 : (flags & Flag.SHIELD) !== 0 ? 3 : parent === undefined ? 0 : 1;
    const isQueued = (flags & Flag.QUEUED) !== 0;
    const name = typeof label === "string" ? this.#names.cut(label, LONGEST_NAME) : label;
    this.#ring.spawn(Code.SPAWN | (kind << Code.DETAIL) | (isQueued ? Code.FLAG : 0), mark, other, name);
    if (limit !== undefined) this.#ring.limit(limit.at);
    if (at < looked) this.#clock[0] = looked;
  }

  #started(node: ScopeNode): void {
    this.#look();
    this.#ring.write(Code.START, node.mark, undefined);
  }

  #writePlace(): void {
    const place = placeOfCall();
    if (place !== undefined) this.#ring.append(place);
  }

  /** A root scope is told of before it has its deadline. */
  #openedRoot(node: ScopeNode): void {
    if (this.#first === Infinity) this.#first = node.mark;
    this.#writeSpawn(node, 0);
    if (this.#stacks) this.#writePlace();
    this.#opening = node;
    READY.then(this.#opened);
  }

  #open(): void {
    const node = this.#opening;
    if (node === undefined) return;
    this.#opening = undefined;
    if (node.limit) this.#ring.limit(node.limit.at);
    if (this.#listeners.size > 0) this.#tell();
  }

  #settled(node: ScopeNode, outcome: Outcome<unknown>): void {
    const ring = this.#ring;
    const { mark, cancellation } = node;
    if (ring.isLast(mark)) this.#uses = SHARED; // it never waited: it may have computed for long
    const state = outcome.state === "succeeded" ? 0 : outcome.state === "canceled" ? 2 : 1;
    const isAfterAll = node.is(Flag.ABANDONED);
    const late = state === 0 && node.is(Flag.LATE) ? Code.FLAG : 0;
    const code = (isAfterAll ? Code.LATE_SETTLE : Code.SETTLE) | (state << Code.DETAIL) | late;
    this.#look();
    if (this.#introduced.size > 0) this.#introduced.delete(mark);
    if (state === 0 && cancellation === undefined) return ring.end(code, mark, 0, undefined);
    // A function that fails cancels what runs below it, but no cancellation reached it.
    const isOwn = cancellation?.origin === node && cancellation.kind === "body-failed";
    const by = cancellation === undefined || isOwn ? 0 : cancellation.origin.mark;
    const message = outcome.state === "succeeded"
      ? undefined
      : outcome.state !== "canceled"
      ? messageOf(outcome.error)
      : by === this.#canceled
      ? this.#reason
      : messageOf(outcome.reason);
    ring.end(code, mark, by, message);
  }

  #seeTrouble(node: ScopeNode, sight: Sight, args: readonly unknown[]): void {
    const ring = this.#ring;
    const { mark } = node;
    this.#uses = SHARED;
    this.#look();
    if (sight === "onCancel") {
      const [, reason, { kind, origin }] = args as [unknown, unknown, { kind: CancelKind; origin: string }];
      if (node.is(Flag.EXPIRED)) ring.write(Code.DEADLINE, mark, undefined);
      const message = messageOf(reason); // which may run the program's code
      this.#canceled = mark;
      this.#reason = message;
      const number = Math.max(0, Code.CANCEL_KINDS.indexOf(kind));
      ring.write(Code.CANCEL | (number << Code.DETAIL), mark, cut(origin, LONGEST_PATH));
      ring.append(message);
    } else if (sight === "onAbandon") {
      ring.write(Code.ABANDON, mark, messageOf(args[1]));
    } else if (sight === "onError") {
      const [error, { phase }] = args as [unknown, { phase: ErrorPhase }];
      ring.write(Code.ERROR | (Code.PHASES.indexOf(phase) << Code.DETAIL), mark, messageOf(error));
    }
  }

  /** Records the spawn of a node that was there before, and of those above it that have not ended. */
  #introduce(met: ScopeNode): void {
    const introduced = this.#introduced;
    const chain: ScopeNode[] = [];
    for (let each: ScopeNode | undefined = met; each && !introduced.has(each.mark); each = each.parent) {
      if (each === met || !each.isSettled) chain.push(each);
      if (each.parent && this.#hasSeen(each.parent, each)) break;
    }
    for (const each of chain.reverse()) {
      introduced.add(each.mark);
      this.#writeSpawn(each, each.parent?.mark ?? 0);
    }
  }

  /** Whether it saw the spawn of a parent: one that was met late has got its mark after its child. */
  #hasSeen({ mark }: ScopeNode, child: ScopeNode): boolean {
    return mark >= this.#first && mark < child.mark;
  }

  #look(): void {
    if (++this.#uses < SHARED) return;
    this.#uses = 0;
    this.#clock[0] = Date.now();
    if (this.#isForgetting) return;
    this.#isForgetting = true;
    READY.then(this.#forget);
  }

  #tell(): void {
    if (this.#isTelling) return; // by a listener: it goes on below
    this.#isTelling = true;
    const ring = this.#ring;
    while (this.#told < ring.total && this.#opening === undefined) {
      const event = ring.at(this.#told++);
      if (event) { for (const [key, listener] of [...this.#listeners]) this.#call(key, listener, event); }
    }
    this.#isTelling = false;
  }

  readonly #reported = new WeakSet<object>();

  #call(key: object, listener: (event: LifecycleEvent) => void, event: LifecycleEvent): void {
    const failed = (error: unknown) => {
      if (this.#reported.has(key)) return;
      this.#reported.add(key);
      console.error("TaskScope: a listener of a recorder threw (told once):", error);
    };
    try {
      const result: unknown = listener(event);
      if (isThenable(result)) result.then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }
}

/** Whether the end of a node has been told: then an error does not make it appear again. */
function isOver({ isSettled, parent }: ScopeNode, sight: Sight, args: readonly unknown[]): boolean {
  if (sight !== "onError") return false;
  const [, { phase }] = args as [unknown, { phase: ErrorPhase }];
  return phase === "after-abandon" || (isSettled && parent !== undefined);
}
