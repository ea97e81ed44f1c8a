/**
 * From lifecycle events, however incomplete, to lanes.
 *
 * 1. A lane stands under one that was known before it: there is no cycle.
 * 2. Times never run backwards: where the clock was set back, all that follows is moved on.
 * 3. All texts are inert.
 * 4. Linear in the number of events; no recursion along the tree.
 *
 * @module
 */
import { inertText } from "../inert_text.ts";
import type { LifecycleEvent } from "./events.ts";
import { type Cancel, Lane } from "./timeline_lane.ts";
import { relate } from "./timeline_relations.ts";

/** All that was recorded. */
export interface Model {
  /** In the order of their spawns. */
  readonly lanes: readonly Lane[];
  readonly cancels: readonly Cancel[];
  /** The first moment, in milliseconds since 1970. */
  readonly from: number;
  /** The last moment; what has not ended goes on until then. */
  readonly to: number;
}

const NAME = 200;
const TEXT = 400;
const SET_BACK = 1_000; // less is an event that was told a moment late
const LATEST = 8.64e15; // of any Date

/**
 * Reads events into lanes.
 *
 * @param now Up to when unfinished ones are known to go on; the last event, if that is later.
 */
export function readModel(events: Iterable<LifecycleEvent>, now = -Infinity): Model {
  const reader = new Reader();
  for (const event of events) reader.read(event);
  const { lanes, cancels } = reader;
  const from = lanes.reduce((least, { spawned }) => Math.min(least, spawned), lanes[0]?.spawned ?? 0);
  const to = Math.max(from, reader.last, now);
  relate(lanes, cancels, to);
  return { lanes, cancels, from, to };
}

/** Whether it is a moment since 1970. */
function isTime(at: number): boolean {
  return at >= 0 && at <= LATEST;
}

class Reader {
  readonly lanes: Lane[] = [];
  readonly cancels: Cancel[] = [];
  readonly #known = new Map<number, Lane>();
  last = -Infinity;
  #shift = 0;
  #early: Lane[] = []; // spawns since the last other event that seem to be older than it

  read(event: LifecycleEvent): void {
    const at = this.#timeOf(event);
    if (event.type === "spawn") return this.#spawned(event, at);
    const lane = this.#laneOf(event.id, at);
    switch (event.type) {
      case "start":
        if (lane.wasQueued) lane.started ??= at;
        if (lane.state === "queued") lane.state = "running";
        break;
      case "cancel":
        this.#canceled(event, lane, at);
        break;
      case "deadline":
        lane.isMissed = true;
        break;
      case "settle":
        lane.ended = at;
        lane.state = event.state;
        lane.isLate = event.late;
        lane.message = inertText(event.message ?? "", TEXT);
        lane.canceledBy = event.by === null ? undefined : this.#known.get(event.by);
        break;
      case "abandon":
        lane.ended = at;
        lane.state = "abandoned";
        lane.message = inertText(event.message, TEXT);
        break;
      case "late-settle":
        lane.ended ??= at;
        lane.endedLate = at;
        lane.state = "abandoned";
        lane.lateState = event.state;
        lane.message = inertText(event.message ?? "", TEXT) || lane.message;
        break;
      case "error":
        lane.error = inertText(event.message, TEXT);
    }
  }

  /** (2) */
  #timeOf(event: LifecycleEvent): number {
    if (!isTime(event.at)) return Math.max(0, this.last);
    const told = event.at + this.#shift;
    const isSpawn = event.type === "spawn";
    // A spawn may be told late, with its true time: only what follows shows whether the clock was set back.
    if (isSpawn && told < this.last) return told;
    if (!isSpawn && told < this.last - SET_BACK) this.#setBack(this.last - told);
    const at = Math.max(event.at + this.#shift, this.last);
    if (!isSpawn) this.#early = [];
    return this.last = at;
  }

  #setBack(by: number): void {
    this.#shift += by;
    for (const lane of this.#early) {
      lane.spawned += by;
      if (lane.started !== undefined) lane.started += by;
    }
  }

  #spawned(event: LifecycleEvent & { type: "spawn" }, at: number): void {
    const { id, kind, parent, spawner, deadline, queued } = event;
    const find = (id: number | null) => id === null ? undefined : this.#known.get(id); // (1)
    const owner = find(parent);
    const limit = deadline === null || !isTime(deadline) ? undefined : deadline + this.#shift;
    const name = inertText(event.name, NAME) || "(no name)";
    const lane = new Lane({ id, name, kind, owner, spawner: find(spawner), spawned: at, limit });
    lane.wasQueued = queued;
    if (queued) lane.state = "queued";
    else lane.started = at;
    if (at < this.last) this.#early.push(lane);
    this.#known.set(id, lane); // an id that comes again is another lane
    this.lanes.push(lane);
  }

  /** Of one whose beginning was not recorded, or not kept, it is at least known that it was there. */
  #laneOf(id: number, at: number): Lane {
    let lane = this.#known.get(id);
    if (lane === undefined) {
      const spawned = this.lanes[0]?.spawned ?? at;
      lane = new Lane({ id, name: `#${id}`, kind: "task", spawned, isPartial: true });
      lane.started = spawned;
      this.#known.set(id, lane);
      this.lanes.push(lane);
    }
    return lane;
  }

  #canceled({ kind, origin: by, reason }: LifecycleEvent & { type: "cancel" }, origin: Lane, at: number): void {
    const cancel: Cancel = {
      at,
      origin,
      kind,
      by: inertText(by, NAME),
      reason: inertText(reason, TEXT),
      cause: undefined,
      reached: [],
    };
    origin.cancel ??= cancel; // the first reason wins (G7)
    this.cancels.push(cancel);
  }
}
