/**
 * The tree of scopes: what a scope is on the inside, its links, and how a cancellation is marked on a whole subtree.
 *
 * Invariants:
 * 1. A node is linked under its parent from its spawn until it has settled, and never again (G1).
 * 2. A node is canceled at most once; a whole subtree shares one {@linkcode Cancellation}, except below a shield (G7).
 * 3. Every node of a canceled subtree is marked before any callback runs (G7).
 * 4. spawned = succeeded + failed + canceled + abandoned + running + queued, at every moment (G12).
 * 5. Nothing here recurses: neither the depth nor the width of a tree can overflow the stack.
 *
 * @module
 */
import { type CancelKind, CancelReason } from "./errors.ts";
import * as Flag from "./flags.ts";
import type { DeadlineHeap, HeapEntry } from "./deadline.ts";
import type { ContextRunner, Values } from "./context.ts";
import type { Lifetime } from "./lifetime.ts";
import type { Observer, Outcome, ScopeInfo, ScopeState, TaskInfo, TaskState } from "./observer.ts";

/** One cancellation; the reason is made when somebody first asks. */
export class Cancellation {
  readonly kind: CancelKind;
  /** Where it began. */
  readonly origin: ScopeNode;
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
    if (reason instanceof CancelReason) return { kind: reason.kind, origin: reason.origin };
    return { kind: this.kind, origin: this.origin.path };
  }
}

/** What must be called back from below; see lifecycle.ts. */
export interface Life {
  /** Calls the function of a node. */
  start(node: ScopeNode): void;
  /** The grace of a canceled node has passed. */
  overdue(origin: ScopeNode): void;
}

/** What a whole tree shares: made by a root scope, handed down by reference. */
export interface Environment {
  readonly life: Life;
  readonly heap: DeadlineHeap;
  readonly observer: Observer | undefined;
  readonly grace: number;
  /** As given; where none was, the process, from the first detached task on. */
  lifetime: Lifetime | undefined;
  /** How many tasks without a name there were. */
  unnamed: number;
  /** When the root was made, in milliseconds since 1970. */
  readonly since: number;
}

/** A promise and what settles it. */
export interface Deferred {
  readonly promise: Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What only some nodes need. */
export class Extras {
  /** Shown in the tree. */
  note: string | undefined;
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
  /** How many children have a place. */
  active = 0;
  queue: ScopeNode[] = [];
  head = 0; // of the queue
  /** How many in the queue were canceled. */
  stale = 0;
}

/** A scope on the inside. {@linkcode TaskScope} and {@linkcode Task} are its two faces. */
export class ScopeNode {
  parent: ScopeNode | undefined;
  previous: ScopeNode | undefined;
  next: ScopeNode | undefined;
  nursery: Nursery | undefined;
  /** How many children may run at once. */
  concurrency = Infinity;
  readonly env: Environment;
  flags: number;
  cancellation: Cancellation | undefined;
  /** The effective deadline: its own or the nearest above. */
  limit: HeapEntry | undefined;
  values: Values | undefined;
  /** The name, or the number among its siblings where it has none. */
  label: string | number;
  /** A detached node has no parent to ask for its path. */
  prefix: string | undefined;
  /** When it was made, in milliseconds after `env.since`. */
  readonly born: number;
  /** The function until it is called, then what the body returned. */
  value: unknown;
  /** The primary failure, then the later ones. */
  failures: unknown[] | undefined;
  deferred: Deferred | undefined;
  extras: Extras | undefined;
  scope: ScopeInfo | undefined;
  task: TaskInfo | undefined;

  constructor(parent: ScopeNode | undefined, env: Environment, flags: number, label: string | number, born: number) {
    this.parent = parent;
    this.env = env;
    this.flags = flags;
    this.label = label;
    this.born = born;
    this.limit = parent?.limit;
    this.values = parent?.values;
  }

  get name(): string {
    return typeof this.label === "string" ? this.label : `task-${this.label}`;
  }

  get path(): string {
    let path = this.name;
    let { parent, prefix } = this;
    for (; parent; { parent, prefix } = parent) path = `${parent.name}/${path}`;
    return prefix ? `${prefix}/${path}` : path;
  }

  get taskState(): TaskState {
    if (!this.isSettled) return this.is(Flag.QUEUED) ? "queued" : "running";
    if (this.is(Flag.ABANDONED)) return "abandoned";
    if (this.failures) return "failed";
    return this.isCut ? "canceled" : "succeeded";
  }

  get scopeState(): ScopeState {
    if (this.isSettled) return "closed";
    return !this.cancellation ? "open" : "canceling";
  }

  /** Canceled, and not without effect (G8). */
  get isCut(): boolean {
    return this.cancellation !== undefined && this.is(Flag.CUT);
  }

  get isSettled(): boolean {
    return this.is(Flag.SETTLED);
  }

  /** Whether it has one of these flags. */
  is(flags: number): boolean {
    return (this.flags & flags) !== 0;
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

/** Links a new child under its parent. */
export function link(parent: ScopeNode, nursery: Nursery, child: ScopeNode): void {
  child.previous = nursery.last;
  if (!nursery.last) nursery.first = child;
  else nursery.last.next = child;
  nursery.last = child;
  if (child.is(Flag.SHIELD)) countShields(parent, 1);
}

/** Takes a settled child out of its parent's list; the child still knows its parent, for its path. */
export function unlink(nursery: Nursery, child: ScopeNode): void {
  const { previous, next } = child;
  if (!previous) nursery.first = next;
  else previous.next = next;
  if (!next) nursery.last = previous;
  else next.previous = previous;
  child.previous = child.next = undefined; // invariant 1
}

/** Keeps count of the shields below each node above a shield. */
export function countShields(from: ScopeNode, change: 1 | -1): void {
  for (let node: ScopeNode | undefined = from; node; node = node.parent) node.ensureExtras().shields += change;
}

/**
 * Visits a subtree, parents before children, without recursion (invariant 5).
 *
 * @param enter Called for each node; whether to visit its children.
 */
export function walk(root: ScopeNode, enter: (node: ScopeNode) => boolean): void {
  let node: ScopeNode | undefined = root;
  while (node) {
    let next: ScopeNode | undefined = enter(node) ? node.nursery?.first : undefined;
    while (!next && node && node !== root) {
      next = node.next;
      node = node.parent;
    }
    node = next;
  }
}

/**
 * Marks a subtree as canceled.
 *
 * @returns The nodes that have something to run because of it, parents before children.
 */
export function mark(root: ScopeNode, cancellation: Cancellation): ScopeNode[] {
  const affected: ScopeNode[] = [];
  walk(root, (node) => {
    if (node.cancellation || node.isSettled) return false; // invariant 2: marked before, and so is all below it
    if (node !== root && node.is(Flag.SHIELD)) return false;
    node.cancellation = cancellation;
    if (node.extras || node.is(Flag.QUEUED)) affected.push(node);
    return true;
  });
  return affected;
}
