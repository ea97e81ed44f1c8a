/**
 * Writes what a watcher sees into a ring.
 *
 * @module
 */
import * as Flag from "../flags.ts";
import type { ErrorPhase } from "../observer.ts";
import type { ScopeNode } from "../scope_node.ts";
import { causeOf, endingOf, type Sight } from "../watch.ts";
import { placeOfCall } from "./place_of_call.ts";
import * as Code from "./recorder_codes.ts";
import type { Ring } from "./recorder_ring.ts";
import { cut, messageOf, NameCutter } from "./recorder_text.ts";

const LONGEST_NAME = 200;
const LONGEST_PATH = 1_000;
const SHARED = 16; // how many events one look at the clock is for, at most
const READY = Promise.resolve();

/** The one who writes for a recorder. Keeps no node. */
export class Scribe {
  readonly #ring: Ring;
  readonly #stacks: boolean;
  readonly #clock: Float64Array; // the last look at it
  readonly #names = new NameCutter();
  #uses = SHARED; // of that look; as many as may be when the microtasks of its moment have run
  #isForgetting = false; // whether that is going to be noted
  #first = Infinity; // the first spawn it saw itself: whatever has a lower mark was there before
  readonly #introduced = new Set<number>(); // of those, the living ones it has met
  #canceled = 0; // where the last cancellation began
  #reason = ""; // and why
  readonly #forget = () => {
    this.#uses = SHARED;
    this.#isForgetting = false;
  };

  /**
   * @param stacks Whether to write down the places of calls.
   */
  constructor(ring: Ring, stacks: boolean) {
    this.#ring = ring;
    this.#clock = ring.clock;
    this.#stacks = stacks;
  }

  /** Takes what lives for unknown. */
  meetAnew(): void {
    this.#first = Infinity;
    this.#introduced.clear();
    this.#canceled = 0;
    this.#reason = "";
  }

  /** What a watcher is called with. */
  see(node: ScopeNode, sight: Sight, args: readonly unknown[], spawner: number): void {
    if (sight === "onSpawn") return this.#spawned(node, spawner);
    if (sight === "onOpen") return this.#openedRoot(node);
    if ((spawner === 0 || node.mark < this.#first) && !isOver(node, sight, args)) this.#introduce(node);
    if (sight === "onStart") this.#started(node);
    else if (sight === "onSettle") this.#settled(node, args);
    else this.#seeTrouble(node, sight, args);
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

  #openedRoot(node: ScopeNode): void {
    if (this.#first === Infinity) this.#first = node.mark;
    this.#writeSpawn(node, 0);
    if (this.#stacks) this.#writePlace();
  }

  #settled(node: ScopeNode, args: readonly unknown[]): void {
    const ring = this.#ring;
    const { mark, cancellation } = node;
    if (ring.isLast(mark)) this.#uses = SHARED; // it never waited: it may have computed for long
    if (this.#introduced.size > 0) this.#introduced.delete(mark);
    if (!node.failures && !cancellation && args.length === 0) {
      this.#look();
      return ring.end(Code.SETTLE | (node.is(Flag.LATE) ? Code.FLAG : 0), mark, 0, undefined);
    }
    const outcome = endingOf(node, args);
    const state = outcome.state === "succeeded" ? 0 : outcome.state === "canceled" ? 2 : 1;
    const isAfterAll = node.is(Flag.ABANDONED);
    const late = state === 0 && node.is(Flag.LATE) ? Code.FLAG : 0;
    const code = (isAfterAll ? Code.LATE_SETTLE : Code.SETTLE) | (state << Code.DETAIL) | late;
    this.#look();
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
      const { reason, info: { kind, origin } } = causeOf(node);
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
      if (each === met || !each.is(Flag.SETTLED)) chain.push(each);
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
}

/** Whether the end of a node has been told: then an error does not make it appear again. */
function isOver(node: ScopeNode, sight: Sight, args: readonly unknown[]): boolean {
  if (sight !== "onError") return false;
  const [, { phase }] = args as [unknown, { phase: ErrorPhase }];
  return phase === "after-abandon" || (node.is(Flag.SETTLED) && node.parent !== undefined);
}
