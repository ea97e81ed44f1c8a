/**
 * A scope on the inside, and what a whole tree of them shares. How they are linked: scope_tree.ts.
 *
 * @module
 */
import { type CancelKind, CancelReason } from "./errors.ts";
import * as Flag from "./flags.ts";
import type { DeadlineHeap, HeapEntry } from "./deadline.ts";
import type { ContextRunner, Values } from "./context.ts";
import type { Lifetime } from "./lifetime.ts";
import type { Observer, Outcome, ScopeInfo, ScopeState, TaskInfo, TaskState } from "./observer.ts";
import { isA } from "./validate.ts";

/** One cancellation; the reason is made when somebody first asks. */
export class Cancellation {
  declare readonly kind: CancelKind;
  /** Where it began. */
  declare readonly origin: ScopeNode;
  /** Whether an error that comes when it is over is still to be told; made with the first wait that it ends. */
  isNews: ((error: unknown) => boolean) | undefined;
  #make: (() => unknown) | undefined;
  #reason: unknown;

  constructor(kind: CancelKind, origin: ScopeNode, make: () => unknown) {
    this.kind = kind;
    this.origin = origin;
    this.#make = make;
  }

  get reason(): unknown {
    if (this.#make !== undefined) {
      this.#reason = this.#make();
      this.#make = undefined;
    }
    return this.#reason;
  }

  /** What the reason says of itself counts, wherever it comes from. */
  get info(): { readonly kind: CancelKind; readonly origin: string } {
    const { reason } = this;
    if (isA(reason, CancelReason)) return { kind: reason.kind, origin: reason.origin };
    return { kind: this.kind, origin: this.origin.path };
  }
}

/** What must be called back from below; see lifecycle.ts. */
export interface Life {
  /** Makes what calls the function of a node. */
  starter(node: ScopeNode): () => void;
  /** The grace of a canceled node has passed. */
  overdue(origin: ScopeNode): void;
}

/** What a whole tree shares: made by a root scope, handed down by reference. */
export interface Environment {
  readonly life: Life;
  /** Makes the scope that the function of a node receives. */
  readonly toScope: (node: ScopeNode) => ScopeInfo;
  readonly heap: DeadlineHeap;
  readonly observer: Observer | undefined;
  readonly grace: number;
  /** As given; where none was, the process, from the first detached task on. */
  lifetime: Lifetime | undefined;
  /** How many tasks without a name there were. */
  unnamed: number;
  /** When the root was made, in milliseconds since 1970. */
  readonly since: number;
  /** How long after `since` the last spawn was, for those that follow it at once; -1 when what it spawned has started. */
  age: number;
}

/** What only some nodes need. */
export class Extras {
  /** Shown in the tree. */
  note: string | undefined;
  /** A detached node has no parent to ask for its path. */
  prefix: string | undefined;
  controller: AbortController | undefined;
  /** Runs callbacks in the async context of the place of the spawn. */
  runner: ContextRunner | undefined;
  /** Called on cancellation, and at the end. */
  hooks: Set<() => void> | undefined;
  /** Cleanup, last in first out. */
  deferred: (() => unknown)[] | undefined;
  grace: HeapEntry | undefined;
  /** Called once settled, before anybody who awaits the task runs: releases what the node holds outside. */
  settled: (() => void)[] | undefined;
  /** Lets go of the host of a detached task. */
  release: (() => void) | undefined;
  /** When that happens at the latest, once grace has passed. */
  hold: HeapEntry | undefined;
  outcome: Promise<Outcome<unknown>> | undefined;
  /** Called when no child is left. */
  idle: (() => void)[] | undefined;
  /** How many shields run below. */
  shields = 0;
}

/** A scope's children; made with the first one. */
export class Nursery {
  first: ScopeNode | undefined;
  last: ScopeNode | undefined;
  readonly counters = { spawned: 0, succeeded: 0, failed: 0, canceled: 0, abandoned: 0, running: 0, queued: 0 };
  /** How many children may have a place at once. */
  concurrency = Infinity;
  /** How many have one. */
  active = 0;
  queue: ScopeNode[] = [];
  head = 0; // of the queue
  /** How many in the queue were canceled. */
  stale = 0;
}

/** A scope on the inside. {@linkcode TaskScope} and {@linkcode Task} are its two faces. */
export class ScopeNode {
  declare parent: ScopeNode | undefined;
  previous: ScopeNode | undefined;
  next: ScopeNode | undefined;
  nursery: Nursery | undefined;
  declare readonly env: Environment;
  declare flags: number;
  cancellation: Cancellation | undefined;
  /** The effective deadline: its own or the nearest above. */
  declare limit: HeapEntry | undefined;
  declare values: Values | undefined;
  /** The name, or a number where it has none. */
  declare label: string | number;
  /** When it was made, in milliseconds after `env.since`. */
  declare readonly born: number;
  /** The function until it is called, then what the body returned. */
  value: unknown;
  /** What a watcher knows it by; until it has heard of it, the mark of its spawner. */
  mark = 0;
  /** The primary failure, then the later ones. */
  failures: unknown[] | undefined;
  promise: Promise<unknown> | undefined;
  /** Settles the promise. */
  settle: (() => void) | undefined;
  extras: Extras | undefined;
  /** What its function receives. */
  scope: ScopeInfo | undefined;
  task: TaskInfo | undefined;

  constructor(
    parent: ScopeNode | undefined,
    env: Environment,
    flags: number,
    label: string | number,
    born: number,
    values: Values | undefined,
  ) {
    this.parent = parent;
    this.env = env;
    this.flags = flags;
    this.label = label;
    this.born = born;
    this.limit = parent?.limit;
    this.values = values;
  }

  get name(): string {
    return typeof this.label === "string" ? this.label : `task-${this.label}`;
  }

  get path(): string {
    let path = this.name;
    let { parent, extras } = this;
    for (; parent; { parent, extras } = parent) path = `${parent.name}/${path}`;
    return extras?.prefix ? `${extras.prefix}/${path}` : path;
  }

  get taskState(): TaskState {
    if (!this.is(Flag.SETTLED)) return this.is(Flag.QUEUED) ? "queued" : "running";
    if (this.is(Flag.ABANDONED)) return "abandoned";
    if (this.failures) return "failed";
    return this.is(Flag.CUT) ? "canceled" : "succeeded";
  }

  get scopeState(): ScopeState {
    if (this.is(Flag.SETTLED)) return "closed";
    return !this.cancellation ? "open" : "canceling";
  }

  /** Whether it has one of these flags. */
  is(flags: number): boolean {
    return (this.flags & flags) > 0;
  }

  /** How many children have not ended. */
  get live(): number {
    const { nursery } = this;
    return nursery ? nursery.counters.running + nursery.counters.queued : 0;
  }

  /** The deadline that was given to this very node. */
  get ownLimit(): HeapEntry | undefined {
    return this.limit === this.parent?.limit ? undefined : this.limit;
  }

  /** Has something called when the node has settled, before anybody who awaits the task runs. */
  onSettled(call: () => void): void {
    (this.ensureExtras().settled ??= []).push(call);
  }

  /** The part that only some nodes have. */
  ensureExtras(): Extras {
    return this.extras ??= new Extras();
  }
}
