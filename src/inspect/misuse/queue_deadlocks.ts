/**
 * Scopes whose every place is taken by a task that waits for one queued behind it.
 *
 * Who waits is known by AsyncLocalStorage; where there is none, nothing is told: a full scope that makes no progress for
 * a while is just as likely a busy one.
 *
 * @module
 */
import { asyncStorage } from "../../async_storage.ts";
import * as Flag from "../../flags.ts";
import type { ScopeNode } from "../../scope_node.ts";
import { Task } from "../../task.ts";
import { putAround } from "../../watch.ts";
import { ms, quote } from "./text.ts";
import type { Desk, Detector } from "./detector.ts";
import { listenToCalls } from "./patch.ts";

/** The only handlers that surely wait: those that the engine makes for `await`, `Promise.race` and their like. */
function isAwait([onFulfilled]: readonly unknown[]): boolean {
  return typeof onFulfilled === "function" && /\[native code\]/.test(Function.prototype.toString.call(onFulfilled));
}

/** Looks again when patience is over; meanwhile its timer keeps the process alive, else nobody would hear of it. */
export function queueDeadlocks(desk: Desk): Detector {
  const found = asyncStorage<WeakRef<ScopeNode>>();
  if (!found) return {};
  const storage = found;
  let isStopped = false;
  // Weakly: whatever a task leaves behind, a socket or a timer, keeps what is stored for it.
  const end = putAround((node, call) => isStopped ? call() : storage.run(new WeakRef(node), call));

  const queued = new WeakMap<object, WeakRef<ScopeNode>>(); // by the handle
  const awaited = new WeakMap<ScopeNode, Set<WeakRef<ScopeNode>>>(); // by the task that takes the place
  const suspects = new WeakSet<ScopeNode>();

  function holdersOf(scope: ScopeNode): ScopeNode[] {
    const holders: ScopeNode[] = [];
    for (let node = scope.nursery?.first; node; node = node.next) {
      if (!node.is(Flag.QUEUED | Flag.CALL | Flag.SETTLED)) holders.push(node);
    }
    return holders;
  }

  /** The queued sibling that a task waits for, if it does. */
  function waitedFor(holder: ScopeNode): ScopeNode | undefined {
    for (const weak of awaited.get(holder) ?? []) {
      const node = weak.deref();
      if (node?.is(Flag.QUEUED) && !node.is(Flag.SETTLED) && !node.cancellation) return node;
    }
    return undefined;
  }

  function isStuck(scope: ScopeNode): boolean {
    const holders = holdersOf(scope);
    return holders.length > 0 && !scope.cancellation && holders.length >= placesOf(scope) &&
      holders.every((holder) => waitedFor(holder) && !holder.cancellation);
  }

  function suspect(scope: ScopeNode): void {
    if (suspects.has(scope) || !isStuck(scope)) return;
    suspects.add(scope);
    const { heap } = scope.env;
    const entry = heap.add(Date.now() + desk.patience, () => {
      suspects.delete(scope);
      if (isStuck(scope)) tell(scope);
    });
    if (scope.is(Flag.SETTLED)) heap.remove(entry); // while Deno loaded its timers, which runs microtasks
    else scope.onSettled(() => heap.remove(entry));
  }

  function tell(scope: ScopeNode): void {
    const [holder] = holdersOf(scope);
    if (!holder) return;
    const sibling = waitedFor(holder);
    const count = placesOf(scope);
    const places = count === 1 ? "the only place" : `each of the ${count} places`;
    desk.warn({
      kind: "queue-deadlock",
      path: holder.path,
      place: desk.placeOf(holder),
      what:
        `in the scope ${quote(scope.path)}, ${places} has been taken for ${ms(desk.patience)} by a task that waits ` +
        `for one queued behind it, as ${quote(holder.name)} for ${quote(sibling?.name ?? "")}: ` +
        "unless they stop waiting, neither ever ends",
      advice: "Spawn what a task waits for in its own scope, or raise concurrency",
      verb: "Spawned",
    });
  }

  function waits(task: object): void {
    const node = queued.get(task)?.deref();
    const scope = node?.parent;
    if (!node?.is(Flag.QUEUED) || !scope) return;
    let holder = storage.getStore()?.deref();
    while (holder && holder.parent !== scope) holder = holder.parent;
    if (!holder) return; // somebody outside, such as the function of the scope
    const nodes = awaited.get(holder) ?? new Set();
    for (const weak of nodes) if (!weak.deref()?.is(Flag.QUEUED)) nodes.delete(weak);
    awaited.set(holder, nodes.add(new WeakRef(node)));
    suspect(scope);
  }

  const ends = [
    listenToCalls(Task.prototype, "then", (task, args) => isAwait(args) && waits(task)),
    listenToCalls(Task.prototype, "outcome", (task) => waits(task)),
  ];
  return {
    see(node, sight) {
      if (sight === "onSpawn" && node.task && node.is(Flag.QUEUED)) queued.set(node.task, new WeakRef(node));
    },
    stop() {
      isStopped = true;
      ends.forEach((each) => each());
      end();
    },
  };
}

/** Where tasks wait for a place, there are children. */
function placesOf(scope: ScopeNode): number {
  return scope.nursery?.concurrency ?? Infinity;
}
