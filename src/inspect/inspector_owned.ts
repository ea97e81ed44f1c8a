/**
 * Detached tasks that are older than the inspector: the process owns them, and gives no more of them than their trees.
 *
 * @module
 */
import type { OwnedTask } from "../lifetime.ts";
import type { ScopeTree } from "../observer.ts";
import { ProcessLifetime } from "../process_lifetime.ts";
import { processRegistry } from "../process_registry.ts";
import type { ScopeNode } from "../scope_node.ts";
import { inertText } from "../inert_text.ts";
import type { Row } from "./inspector_row.ts";

const NAME = 120;
const MOST_TRIES = 5;
const JITTER = 5; // trees have ages, in milliseconds; a birthday made of one may be off by a bit

interface Birth {
  readonly path: string;
  readonly at: number;
}

/** Follows them until they end; holds none of them. */
export class OwnedBefore {
  readonly #owned: ReadonlySet<OwnedTask>;
  readonly #tasks = new WeakSet<OwnedTask>();
  readonly #births = new WeakMap<OwnedTask, Birth>();
  readonly #adopted: Birth[] = [];
  #ids = new Map<string, number>();
  #last = -1e9; // a recorder numbers from -1 down

  constructor(lifetime: object) {
    this.#owned = lifetime instanceof ProcessLifetime ? processRegistry().owned : new Set();
    for (const task of this.#owned) this.#tasks.add(task);
  }

  /** A number below zero, for what has no mark. */
  nextId(): number {
    return --this.#last;
  }

  /** A node was seen after all: it is not to be shown twice. */
  adopt(root: ScopeNode): void {
    if (root.extras?.prefix !== undefined) this.#adopted.push({ path: root.path, at: root.env.since + root.born });
  }

  /** Their rows. */
  rows(): Row[] {
    const rows: Row[] = [];
    const ids = new Map<string, number>();
    for (const { tree, now, birth } of this.#trees()) this.#collect(tree, undefined, `${birth.at}`, now, ids, rows);
    this.#ids = ids; // numbers of what has ended are forgotten
    return rows;
  }

  /** What cancels one of them. */
  find(id: number): ((reason: unknown) => void) | undefined {
    for (const { task, tree, birth } of this.#trees()) {
      if (this.#ids.get(`${birth.at} ${tree.path}#0`) === id) return (reason) => task.cancel(reason);
    }
    return undefined;
  }

  *#trees(): Iterable<{ task: OwnedTask; tree: ScopeTree; now: number; birth: Birth }> {
    for (const task of this.#owned) {
      if (!this.#tasks.has(task)) continue;
      const { tree, now } = treeOf(task);
      const birth = this.#births.get(task) ?? { path: tree.path, at: now - tree.age };
      this.#births.set(task, birth);
      const isSame = ({ path, at }: Birth) => path === birth.path && Math.abs(at - birth.at) <= JITTER;
      if (!this.#adopted.some(isSame)) yield { task, tree, now, birth };
    }
  }

  /** Adds the rows of a tree, without recursion: trees may be deep. */
  #collect(
    root: ScopeTree,
    parent: number | undefined,
    key: string,
    now: number,
    ids: Map<string, number>,
    rows: Row[],
  ): void {
    const left = [{ tree: root, parent, index: 0 }];
    for (let next = left.pop(); next; next = left.pop()) {
      const { tree, parent, index } = next;
      const place = `${key} ${tree.path}#${index}`;
      const id = this.#ids.get(place) ?? this.nextId();
      ids.set(place, id);
      rows.push(toRow(tree, id, parent, now));
      tree.children.forEach((child, index) => left.push({ tree: child, parent: id, index }));
    }
  }
}

/** A tree, and the moment of which its ages tell: taken again if the process was held up in between. */
function treeOf(task: OwnedTask): { readonly tree: ScopeTree; readonly now: number } {
  for (let tries = 1;; tries++) {
    const now = Date.now();
    const tree = task.tree();
    if (Date.now() - now <= 1 || tries === MOST_TRIES) return { tree, now };
  }
}

function toRow(tree: ScopeTree, id: number, parent: number | undefined, now: number): Row {
  const { name, path, reason, age, remaining, state, detached, shield } = tree;
  const from = detached && path.length > name.length ? path.slice(0, -name.length - 1) : undefined;
  return {
    id,
    ...(parent !== undefined && { parent }),
    kind: detached ? "detached" : shield ? "shield" : parent === undefined ? "scope" : "task",
    name: inertText(name, NAME),
    state: reason ? "canceling" : state === "queued" ? "queued" : "running",
    born: now - age,
    ...(remaining !== null && { deadline: now + remaining }),
    ...(from && { from: inertText(from, NAME) }),
    ...(reason && { why: inertText(`${reason.kind}: ${reason.message}`, NAME) }),
  };
}
