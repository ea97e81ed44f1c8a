/**
 * What a timeline is about: lanes, one a scope or task, and the cancellations between them. All texts in here are inert.
 *
 * @module
 */
import type { CancelKind } from "../errors.ts";
import type { TaskState } from "../observer.ts";
import type { SpawnKind } from "./events.ts";

/** One cancellation. */
export interface Cancel {
  readonly at: number;
  readonly origin: Lane;
  readonly kind: CancelKind;
  /** What the reason itself calls its origin: a path, or somebody outside, as `client`. */
  readonly by: string;
  readonly reason: string;
  /** Whose failure it was about, of a `sibling-failed` one. */
  cause: Lane | undefined;
  /** Whom it reached, its origin aside. */
  readonly reached: Lane[];
}

/** What is known of a lane from its first event on. */
interface Beginning {
  readonly id: number;
  readonly name: string;
  readonly kind: SpawnKind;
  readonly spawned: number;
  readonly owner?: Lane | undefined;
  readonly spawner?: Lane | undefined;
  readonly limit?: number | undefined;
  readonly isPartial?: boolean;
}

const PATH_PARTS = 12; // chains of scopes may be thousands deep

/** One scope or task. Times are milliseconds since 1970. */
export class Lane {
  readonly id: number;
  readonly name: string;
  readonly kind: SpawnKind;
  /** The scope that owns it; none for roots and detached tasks. */
  readonly owner: Lane | undefined;
  readonly spawner: Lane | undefined;
  /** The root of the tree of scopes it is in: for what a request owns, the request. */
  readonly root: Lane;
  /** How many lanes it stands under. */
  readonly depth: number;
  /** What stands right under it: what it owns, and what was detached from it. */
  readonly below: Lane[] = [];
  spawned: number;
  /** Whether its beginning is not among the events. */
  readonly isPartial: boolean;
  /** Its effective deadline. */
  readonly limit: number | undefined;
  /** Whether it had to wait for a place. */
  wasQueued = false;
  /** When its function was called; at once, but for those that were queued. */
  started: number | undefined;
  /** When it settled or was abandoned. */
  ended: number | undefined;
  /** When it ended after it had been abandoned. */
  endedLate: number | undefined;
  state: TaskState = "running";
  /** How it ended after it had been abandoned. */
  lateState: TaskState | undefined;
  /** Whether it ended well although it had been canceled or was too late. */
  isLate = false;
  /** Whether it was still at work at its own deadline. */
  isMissed = false;
  message = "";
  /** The last error of it that surfaced nowhere else. */
  error = "";
  /** The scope where the cancellation that reached it began. */
  canceledBy: Lane | undefined;
  /** The cancellation that began here, or else the one that reached it. */
  cancel: Cancel | undefined;
  /** The request or scope that ended before it did. */
  outlived: Lane | undefined;

  constructor({ id, name, kind, owner, spawner, spawned, limit, isPartial = false }: Beginning) {
    this.id = id;
    this.name = name;
    this.kind = kind;
    this.owner = owner;
    this.spawner = spawner;
    this.root = owner?.root ?? this;
    this.spawned = spawned;
    this.limit = limit;
    this.isPartial = isPartial;
    this.depth = this.above ? this.above.depth + 1 : 0;
    this.above?.below.push(this);
  }

  /** What it stands under: its owner, or where it was detached from. */
  get above(): Lane | undefined {
    return this.owner ?? this.spawner;
  }

  /** Its deadline, unless it is that of its owner. */
  get deadline(): number | undefined {
    return this.limit === this.owner?.limit ? undefined : this.limit;
  }

  /** Its names from the top down. */
  get path(): string {
    const parts = [this.name];
    let { above } = this;
    for (; above && parts.length < PATH_PARTS; { above } = above) parts.unshift(above.name);
    return `${above ? "…/" : ""}${parts.join("/")}`;
  }

  /** When it was last seen at work; `end` if it goes on. */
  last(end: number): number {
    const last = this.state === "abandoned" ? this.endedLate : this.ended;
    return last ?? Math.max(end, this.spawned);
  }
}
