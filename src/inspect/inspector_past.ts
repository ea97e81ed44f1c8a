/**
 * What has ended lately, and what went wrong: bounded, plain data, numbered so that a client is sent only what is new.
 *
 * @module
 */
import { inertText } from "../inert_text.ts";
import type { LifecycleEvent, SpawnEvent } from "./events.ts";
import { Numbered } from "./numbered.ts";

/** How a scope or task ended. */
export interface Ended {
  readonly id: number;
  readonly parent?: number;
  readonly kind: SpawnEvent["kind"];
  readonly name: string;
  readonly state: "succeeded" | "failed" | "canceled" | "abandoned";
  /** Whether it ended well although it was canceled or too late; of an abandoned one, that it ended after all. */
  readonly late?: true;
  readonly born: number;
  readonly at: number;
  readonly deadline?: number;
  /** Where it was detached. */
  readonly from?: string;
  readonly why?: string;
}

/** Something a person should look at. */
export interface Alert {
  readonly kind: string;
  readonly message: string;
  /** Whom it is about. */
  readonly path: string;
  /** Where in the code. */
  readonly place: string;
  readonly at: number;
}

const NAME = 120;
const WHY = 300;
const MOST_NAMES = 20; // of a path
const MOST_ENDED = 500;
const MOST_SPAWNS = 10_000; // of those that have not ended: older ones end without a row

/** How one ended, as it was recorded: made fit to be shown when somebody reads it, which most are not. */
interface Fate {
  readonly spawn: SpawnEvent;
  readonly from: string | undefined;
  readonly state: Ended["state"];
  readonly at: number;
  readonly why: string | null;
  readonly late: boolean;
}

/** Turns events into what has ended; each is numbered as its event, so that reading the events again changes nothing. */
export class Past {
  readonly #fates = new Numbered<Fate>(MOST_ENDED);
  #event: number;
  readonly #spawns = new Map<number, SpawnEvent>();
  readonly #origins = new Map<number, string>(); // of detached tasks
  readonly #abandoned = new Map<number, Fate>();

  /** @param before How many events there were before the first that it takes. */
  constructor(before: number) {
    this.#event = before;
  }

  /** Takes the next event. */
  readonly take = (event: LifecycleEvent): void => {
    this.#event++;
    if (event.type === "spawn") {
      keep(this.#spawns, event.id, event);
      if (event.kind === "detached") keep(this.#origins, event.id, this.#pathOf(event.spawner));
    } else if (event.type === "settle") {
      this.#end(event.id, event.state, event.at, event.message, event.late);
    } else if (event.type === "abandon") {
      const fate = this.#end(event.id, "abandoned", event.at, event.message, false);
      if (fate) keep(this.#abandoned, event.id, fate);
    } else if (event.type === "late-settle") {
      const before = this.#abandoned.get(event.id);
      this.#abandoned.delete(event.id);
      if (!before) return;
      const why = `ended after all: ${event.state}${event.message ? `, ${event.message}` : ""}`;
      this.#fates.add({ ...before, late: true, at: event.at, why }, this.#event);
    }
  };

  /** The number of what ended last. */
  get last(): number {
    return this.#fates.last;
  }

  /** What has ended after a number, the oldest first. */
  after(number: number): Ended[] {
    return this.#fates.after(number).map(toEnded);
  }

  /** The spawn of what has not ended, if it is known. */
  spawnOf(id: number): SpawnEvent | undefined {
    return this.#spawns.get(id);
  }

  /** As far as it is known. */
  #pathOf(id: number | null): string {
    const names: string[] = [];
    for (let at = id; at !== null && names.length < MOST_NAMES;) {
      const spawn = this.#spawns.get(at);
      if (!spawn) break;
      names.unshift(spawn.name);
      at = spawn.parent;
    }
    return inertText(names.join("/"), NAME);
  }

  #end(id: number, state: Ended["state"], at: number, why: string | null, late: boolean): Fate | undefined {
    const spawn = this.#spawns.get(id);
    if (!spawn) return undefined;
    const fate = { spawn, from: this.#origins.get(id), state, at, why, late };
    this.#spawns.delete(id);
    this.#origins.delete(id);
    this.#fates.add(fate, this.#event);
    return fate;
  }
}

function toEnded({ spawn: { id, parent, kind, name, at: born, deadline }, from, state, at, why, late }: Fate): Ended {
  return {
    id,
    ...(parent !== null && { parent }),
    kind,
    name: inertText(name, NAME),
    state,
    ...(late && { late }),
    born,
    at,
    ...(deadline !== null && { deadline }),
    ...(from && { from }),
    ...(why && { why: inertText(why, WHY) }),
  };
}

/** Keeps it bounded: what never ends would stay for ever. Drops many at once: to find the oldest one takes long. */
function keep<T>(map: Map<number, T>, id: number, value: T): void {
  map.set(id, value);
  if (map.size <= MOST_SPAWNS) return;
  let surplus = MOST_SPAWNS / 4;
  for (const key of map.keys()) {
    if (surplus-- <= 0) break;
    map.delete(key);
  }
}
