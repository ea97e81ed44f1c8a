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
import type { CancelKind } from "./errors.ts";
import type { Subscription } from "./signals.ts";
import type { DeadlineHeap, HeapEntry } from "./deadline.ts";
import type { ContextRunner, Values } from "./context.ts";
import type { Lifetime } from "./lifetime.ts";
import type { Counters, Observer, ScopeInfo, ScopeTree, TaskInfo, TaskState } from "./observer.ts";

/** What has happened to a node, and what it is. */
export const Flag = {
  /** Waits for a place among its siblings. */
  QUEUED: 1 << 0,
  /** Its function has ended or was abandoned; a scope without a function: `join` or `close` was called. */
  BODY_DONE: 1 << 1,
  /** Runs its deferred cleanup. */
  CLEANING: 1 << 2,
  /** Has ended for good. */
  SETTLED: 1 << 3,
  /** Ended as canceled, or has a child that did, for the reason it was itself canceled for (G8). */
  CUT: 1 << 4,
  /** Its function did not end in time (G9). */
  ABANDONED: 1 << 5,
  /** Ended well, but canceled or after its deadline. */
  LATE: 1 << 6,
  /** Somebody reads how it ends. */
  OBSERVED: 1 << 7,
  /** Somebody has read the failure that its own failure comes from. */
  SEEN: 1 << 8,
  /** Outer cancellation and deadlines do not reach it. */
  SHIELD: 1 << 9,
  /** Its failure belongs to whoever awaits it; the scope only has it when nobody does. */
  CALL: 1 << 10,
  /** Belongs to a lifetime. */
  DETACHED: 1 << 11,
  /** A scope made with `new`: it has no function. */
  MANUAL: 1 << 12,
  /** Failures of children do not cancel their siblings. */
  SUPERVISE: 1 << 13,
  /** Always fails with a ScopeError. */
  AGGREGATE: 1 << 14,
  /** Its grace has passed, but a shield below it still runs. */
  GRACE_DUE: 1 << 15,
  /** Is canceled because its own deadline passed. */
  EXPIRED: 1 << 16,
} as const;

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
  /** How many detached tasks without a name there were. */
  detached: number;
  /** When the root was made, in milliseconds since 1970. */
  readonly since: number;
}

/** The deadline a node was given, if it is earlier than those above it. Handed down by reference. */
export interface Limit extends HeapEntry {
  readonly owner: ScopeNode;
}

/** A promise and what settles it. */
export interface Deferred {
  readonly promise: Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** What only some nodes need. */
export class Extras {
  controller: AbortController | undefined;
  /** Runs callbacks in the async context of the place of the spawn. */
  runner: ContextRunner | undefined;
  /** Called on cancellation. */
  hooks: Set<() => void> | undefined;
  /** Cleanup, last in first out. */
  deferred: (() => unknown)[] | undefined;
  subscriptions: Subscription[] | undefined;
  grace: HeapEntry | undefined;
  /** Called once settled, before anybody who awaits the task runs. */
  settled: (() => void)[] | undefined;
  outcome: Deferred | undefined;
  /** Called when no child is left. */
  idle: (() => void)[] | undefined;
  /** How many shields run below. */
  shields = 0;
}

/** A scope's children; made with the first one. */
export class Nursery {
  first: ScopeNode | undefined;
  last: ScopeNode | undefined;
  /** How many children may run at once. */
  readonly limit: number;
  /** How many run. */
  active = 0;
  readonly queue: ScopeNode[] = [];
  head = 0; // of the queue
  spawned = 0;
  succeeded = 0;
  failed = 0;
  canceled = 0;
  abandoned = 0;
  queued = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** How many children have not ended. */
  get live(): number {
    return this.spawned - this.succeeded - this.failed - this.canceled -
      this.abandoned;
  }

  counters(): Counters {
    const { spawned, succeeded, failed, canceled, abandoned, queued } = this;
    return { spawned, succeeded, failed, canceled, abandoned, running: this.live - queued, queued };
  }
}

/** A scope on the inside. {@linkcode TaskScope} and {@linkcode Task} are its two faces. */
export class ScopeNode {
  parent: ScopeNode | undefined;
  previous: ScopeNode | undefined;
  next: ScopeNode | undefined;
  nursery: Nursery | undefined;
  /** Replaced by a `Nursery` of this limit with the first child. */
  concurrency: number;
  readonly env: Environment;
  flags: number;
  cancellation: Cancellation | undefined;
  /** The effective deadline: its own or the nearest above. */
  limit: Limit | undefined;
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
    this.previous = undefined;
    this.next = undefined;
    this.nursery = undefined;
    this.concurrency = Infinity;
    this.env = env;
    this.flags = flags;
    this.cancellation = undefined;
    this.limit = parent?.limit;
    this.values = parent?.values;
    this.label = label;
    this.prefix = undefined;
    this.born = born;
    this.value = undefined;
    this.failures = undefined;
    this.deferred = undefined;
    this.extras = undefined;
    this.scope = undefined;
    this.task = undefined;
  }

  get name(): string {
    return typeof this.label === "string" ? this.label : `task-${this.label}`;
  }

  get path(): string {
    const names: string[] = [];
    const add = ({ name, prefix }: ScopeNode) => prefix === undefined ? names.push(name) : names.push(name, prefix);
    add(this);
    for (let node = this.parent; node !== undefined; node = node.parent) add(node);
    return names.reverse().join("/");
  }

  get taskState(): TaskState {
    const { flags } = this;
    if ((flags & Flag.SETTLED) === 0) return (flags & Flag.QUEUED) === 0 ? "running" : "queued";
    if ((flags & Flag.ABANDONED) !== 0) return "abandoned";
    if (this.failures !== undefined) return "failed";
    return this.isCut ? "canceled" : "succeeded";
  }

  /** Canceled, and not without effect (G8). */
  get isCut(): boolean {
    return this.cancellation !== undefined && (this.flags & Flag.CUT) !== 0;
  }

  get isSettled(): boolean {
    return (this.flags & Flag.SETTLED) !== 0;
  }

  get live(): number {
    return this.nursery?.live ?? 0;
  }

  /** The part that only some nodes have. */
  ensureExtras(): Extras {
    return this.extras ??= new Extras();
  }
}

/** Links a new child under its parent. */
export function link(parent: ScopeNode, nursery: Nursery, child: ScopeNode): void {
  nursery.spawned++; // invariant 4
  child.previous = nursery.last;
  if (nursery.last === undefined) nursery.first = child;
  else nursery.last.next = child;
  nursery.last = child;
  if ((child.flags & Flag.SHIELD) !== 0) countShields(parent, 1);
}

/** Takes a settled child out of its parent's list; the child still knows its parent, for its path. */
export function unlink(nursery: Nursery, child: ScopeNode): void {
  const { previous, next } = child;
  if (previous === undefined) nursery.first = next;
  else previous.next = next;
  if (next === undefined) nursery.last = previous;
  else next.previous = previous;
  child.previous = child.next = undefined; // invariant 1
}

/** Keeps count of the shields below each node above a shield. */
export function countShields(from: ScopeNode, change: 1 | -1): void {
  for (
    let node: ScopeNode | undefined = from;
    node !== undefined;
    node = node.parent
  ) {
    node.ensureExtras().shields += change;
  }
}

/**
 * Visits a subtree, parents before children, without recursion (invariant 5).
 *
 * @param enter Called for each node; whether to visit its children.
 */
export function walk(root: ScopeNode, enter: (node: ScopeNode) => boolean): void {
  let node: ScopeNode | undefined = root;
  while (node !== undefined) {
    let next: ScopeNode | undefined = enter(node) ? node.nursery?.first : undefined;
    while (next === undefined && node !== undefined && node !== root) {
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
    if (node.cancellation !== undefined) return false; // invariant 2: marked before, and so is all below it
    if (node !== root && (node.flags & Flag.SHIELD) !== 0) return false;
    node.cancellation = cancellation;
    if (node.extras !== undefined || (node.flags & Flag.QUEUED) !== 0) affected.push(node);
    return true;
  });
  return affected;
}

/** The live tree as plain JSON. */
export function toTree(root: ScopeNode, now: number = Date.now()): ScopeTree {
  const built = new Map<ScopeNode, { children: ScopeTree[] }>();
  let top: ScopeTree | undefined;
  walk(root, (node) => {
    const tree = describe(node, now);
    built.set(node, tree);
    if (node === root) top = tree;
    else if (node.parent !== undefined) {
      built.get(node.parent)?.children.push(tree);
    }
    return true;
  });
  return top ?? describe(root, now);
}

function describe(node: ScopeNode, now: number): ScopeTree & { children: ScopeTree[] } {
  const { cancellation, flags } = node;
  return {
    name: node.name,
    path: node.path,
    state: node.task === undefined ? scopeState(node) : node.taskState,
    age: Math.max(0, now - node.env.since - node.born),
    remaining: node.limit === undefined ? null : Math.max(0, node.limit.at - now),
    ...(cancellation && { reason: describeReason(cancellation) }),
    ...((flags & Flag.DETACHED) !== 0 && { detached: true as const }),
    ...((flags & Flag.SHIELD) !== 0 && { shield: true as const }),
    children: [],
  };
}

function describeReason({ kind, origin, reason }: Cancellation): NonNullable<ScopeTree["reason"]> {
  return { kind, origin: origin.path, message: reason instanceof Error ? reason.message : String(reason) };
}

/** Where a scope is in its life. */
export function scopeState(node: ScopeNode): "open" | "canceling" | "closed" {
  if (node.isSettled) return "closed";
  return node.cancellation === undefined ? "open" : "canceling";
}
