/**
 * The rows of the live page: one for each scope and task that has not ended.
 *
 * Invariants:
 * 1. Nodes are held weakly: a scope that nobody closes can still be collected, and is then not shown any more.
 * 2. A row changes its version when it changes; who has seen a version needs only what is newer.
 * 3. While nobody looks, only the roots are kept up to date.
 *
 * @module
 */
import * as Flag from "../flags.ts";
import type { Cancellation, ScopeNode } from "../scope_node.ts";
import { walk } from "../scope_tree.ts";
import { type Sight, watch } from "../watch.ts";
import { inertText } from "../inert_text.ts";
import { OwnedBefore } from "./inspector_owned.ts";
import { type Row, type RowChanges, stateOf } from "./inspector_row.ts";
import { messageOf } from "./inspector_text.ts";
import { kindOf } from "./kind_of.ts";

interface Kept {
  row: Row;
  version: number;
  walk: number;
}

interface Root {
  deref(): ScopeNode | undefined;
}

const MOST_ROWS = 20_000;
const MOST_GONE = 20_000; // who has missed more is sent all rows
const PAUSE = 150; // between two walks, in milliseconds
const SHARE = 10; // at most one part in so many of all time is for walks
const STALE = 2_000; // what nobody is told of, such as a collected scope, is seen at the latest by then
const NAME = 120;
const JITTER = 50; // of deadlines that were counted from what is left, in milliseconds

/** Follows everything that lives in this process, from now on, and what its lifetime owned before. */
export class Live {
  /** Goes up with every change of the rows. */
  version = 1;
  /** How many nodes have no row because there are too many. */
  hidden = 0;
  readonly #roots = new Map<number, Root>();
  readonly #rows = new Map<number, Kept>();
  readonly #known = new WeakSet<object>(); // roots, and the environments of those that were seen to open
  readonly #older = new WeakMap<ScopeNode, number>();
  readonly #since = new WeakMap<Cancellation, number>();
  readonly #reasons = new WeakMap<Cancellation, string>();
  readonly #before: OwnedBefore;
  readonly #stop: () => void;
  #gone: { readonly id: number; readonly version: number }[] = [];
  #floor = 0; // versions below have lost a part of #gone
  #sights = 0;
  #seen = -1; // how many sights the last walk knew of
  #walks = 0;
  #walkedAt = 0;
  #pause = PAUSE;
  #sweepAt = 1_024;

  constructor(lifetime: object) {
    this.#before = new OwnedBefore(lifetime);
    this.#stop = watch((node, sight) => this.#see(node, sight));
  }

  /** Sees no more, and forgets all. */
  stop(): void {
    this.#stop();
    this.#roots.clear();
    this.#rows.clear();
    this.#gone = [];
  }

  #see(node: ScopeNode, sight: Sight): void {
    this.#sights++;
    if (sight === "onOpen") {
      this.#known.add(node.env);
      this.#add(node);
    } else if (sight === "onSpawn" && node.is(Flag.DETACHED)) {
      this.#add(node);
    } else if (sight === "onSpawn" && !this.#known.has(node.env)) { // its root is older than this inspector
      let root = node;
      while (root.parent) root = root.parent;
      if (this.#known.has(root)) return;
      this.#add(root);
      this.#before.adopt(root);
    } else if (sight === "onCancel" && node.cancellation) {
      this.#since.set(node.cancellation, Date.now());
    } else if (sight === "onSettle" && !node.parent) {
      this.#roots.delete(this.#idOf(node));
    }
  }

  #add(root: ScopeNode): void {
    this.#known.add(root);
    const held = typeof WeakRef === "function" ? new WeakRef(root) : { deref: () => root }; // invariant 1
    this.#roots.set(this.#idOf(root), held);
    if (this.#roots.size < this.#sweepAt) return;
    for (const [id, held] of this.#roots) if (!held.deref()) this.#roots.delete(id);
    this.#sweepAt = 2 * this.#roots.size + 1_024;
  }

  /** Its mark; of a node that is older than every watcher, a number below zero. */
  #idOf(node: ScopeNode): number {
    if (node.mark !== 0) return node.mark;
    const id = this.#older.get(node) ?? this.#before.nextId();
    this.#older.set(node, id);
    return id;
  }

  /** Finds a node that lives. */
  find(id: number): ScopeNode | undefined {
    let found: ScopeNode | undefined;
    for (const root of this.#live()) {
      walk(root, (node) => {
        if (this.#idOf(node) === id && !node.is(Flag.SETTLED)) found = node;
        return found === undefined;
      });
      if (found) break;
    }
    return found;
  }

  /** What cancels a task that is older than this inspector. */
  findBefore(id: number): ((reason: unknown) => void) | undefined {
    return this.#before.find(id);
  }

  /** Since when a node is canceled, in milliseconds since 1970, if that was seen. */
  canceledSince({ cancellation }: ScopeNode): number | undefined {
    return cancellation && this.#since.get(cancellation);
  }

  *#live(): Iterable<ScopeNode> {
    for (const [id, held] of this.#roots) {
      const root = held.deref();
      if (root && !root.is(Flag.SETTLED)) yield root;
      else this.#roots.delete(id);
    }
  }

  /** Brings the rows up to date, unless they just were. */
  update(now: number = Date.now()): void {
    const isNew = this.#sights !== this.#seen || now - this.#walkedAt >= STALE;
    if (!isNew || (now >= this.#walkedAt && now - this.#walkedAt < this.#pause)) return;
    const began = performance.now();
    this.#seen = this.#sights;
    this.#walkedAt = now;
    this.#walks++;
    this.hidden = 0;
    const next = this.version + 1;
    let changes = 0;
    const put = (row: Row) => changes += this.#put(row, next);
    for (const root of this.#live()) {
      walk(root, (node) => {
        if (this.#rows.size >= MOST_ROWS && !this.#rows.has(this.#idOf(node))) this.hidden++;
        else put(this.#rowOf(node));
        return true;
      });
    }
    this.#before.rows().forEach(put);
    for (const [id, { walk }] of this.#rows) {
      if (walk === this.#walks) continue;
      this.#rows.delete(id);
      this.#gone.push({ id, version: next });
      changes++;
    }
    if (this.#gone.length > MOST_GONE) {
      this.#gone = this.#gone.slice(-MOST_GONE / 2);
      this.#floor = this.#gone[0]?.version ?? next;
    }
    if (changes > 0) this.version = next;
    this.#pause = Math.min(Math.max(PAUSE, (SHARE - 1) * (performance.now() - began)), STALE);
  }

  /** What is newer than a version (invariant 2); everything if too much is. */
  changesSince(version: number): RowChanges {
    const full = version < this.#floor || version <= 0 || version > this.version;
    const kept = [...this.#rows.values()];
    if (full) return { full, rows: kept.map(({ row }) => row), gone: [] };
    const rows = kept.filter((each) => each.version > version).map(({ row }) => row);
    return { full, rows, gone: this.#gone.filter((each) => each.version > version).map(({ id }) => id) };
  }

  #put(row: Row, version: number): 0 | 1 {
    const kept = this.#rows.get(row.id);
    if (!kept) {
      this.#rows.set(row.id, { row, version, walk: this.#walks });
      return 1;
    }
    kept.walk = this.#walks;
    const old = kept.row;
    const moved = Math.abs((old.deadline ?? 0) - (row.deadline ?? 0)) >= JITTER;
    if (old.state === row.state && old.why === row.why && !moved) return 0;
    kept.row = row;
    kept.version = version;
    return 1;
  }

  #rowOf(node: ScopeNode): Row {
    const { parent, limit, cancellation, env } = node;
    const prefix = node.extras?.prefix;
    const why = cancellation && this.#reasonOf(cancellation);
    const since = this.canceledSince(node);
    return {
      id: this.#idOf(node),
      ...(parent && { parent: this.#idOf(parent) }),
      kind: kindOf(node),
      name: inertText(node.name, NAME),
      state: stateOf(node),
      born: env.since + node.born,
      ...(limit && { deadline: limit.at }),
      ...(prefix && { from: inertText(prefix, NAME) }),
      ...(why !== undefined && { why }),
      ...(since !== undefined && { since }),
    };
  }

  #reasonOf(cancellation: Cancellation): string {
    let text = this.#reasons.get(cancellation);
    if (text === undefined) {
      text = inertText(`${cancellation.kind}: ${messageOf(cancellation.reason)}`, NAME);
      this.#reasons.set(cancellation, text);
    }
    return text;
  }
}
