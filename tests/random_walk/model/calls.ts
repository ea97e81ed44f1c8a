import type { Open, Spawn } from "../step.ts";
import { cancel, expire } from "./cancel.ts";
import { endIfReady, noteReading, report, start, tell } from "./life.ts";
import { Node, type Settings } from "./node.ts";
import type { Thrown } from "./thrown.ts";
import { whenIdle } from "./cleanup.ts";

const MARGIN = 1_000; // that a detached task keeps before the end of its lifetime
const LONGEST_PREFIX = 200; // of the path of a detached task

/** `TaskScope.run` and `new TaskScope`, without the function and the signals. */
export function open(
  { manual, policy, errors, concurrency, deadline, tag }: Open,
  name: string,
  settings: Settings,
): Node {
  const node = new Node(manual ? "new" : "run", name, undefined, name, settings);
  Object.assign(node, { policy, errors, concurrency: concurrency ?? Infinity, tag: tag ?? undefined });
  if (manual) node.phase = "running";
  if (deadline !== null && deadline > 0) limit(node, settings.agenda.now + deadline);
  return node;
}

/** Why `spawn` and the like throw; nothing if they do not. Where there are several reasons, nobody said which comes first. */
export function refusals(scope: Node, { as, deadline, inherit, clamp }: Spawn, isClosing: boolean): string[] {
  const found: string[] = [];
  if (scope.ending) found.push("ScopeClosedError"); // G10
  if (scope.cancellation && (as === "spawn" || as === "trySpawn")) found.push("ScopeCanceledError");
  if (as !== "spawnDetached") return found;
  const { now, asked, fits } = moments(scope, deadline, inherit);
  if (asked <= now) found.push("TimeoutError");
  if (isClosing) found.push("LifetimeUnavailableError");
  if (fits < asked && !(clamp && fits > now)) found.push("LifetimeLimitError");
  return found;
}

/** When a detached task has to be over: as asked, and so that it fits into the lifetime. */
function moments(scope: Node, deadline: number | null, inherit: boolean) {
  const { agenda: { now }, end } = scope.settings;
  const own = now + (deadline ?? Infinity);
  const asked = inherit ? Math.min(own, scope.limit) : own;
  return { now, own, asked, fits: Math.min(asked, end - MARGIN) };
}

/** `spawn`, `trySpawn` and `shield`. */
export function spawn(scope: Node, { as, deadline, tag }: Spawn, name: string): Node {
  const { agenda } = scope.settings;
  const kind = as === "shield" ? "shield" : "spawn";
  const node = new Node(kind, name, scope, `${scope.path}/${name}`, scope.settings);
  node.tag = tag ?? scope.tag; // G3
  node.limit = kind === "shield" ? Infinity : scope.limit;
  if (deadline !== null && deadline > 0) limit(node, agenda.now + deadline);
  const isFull = kind !== "shield" && scope.taken >= scope.concurrency;
  scope.children.push(node);
  if (isFull) node.phase = "queued";
  else agenda.later(kind === "shield" ? 2 : 1, () => start(node));
  tell(node, "onSpawn");
  if (deadline !== null && deadline <= 0) tooLate(node, agenda.now + deadline);
  return node;
}

/** What a combinator does: a call, or a task, in a scope that is not canceled. */
export function call(scope: Node, name: string, as: "call" | "spawn" = "call"): Node {
  const node = new Node(as, name, scope, `${scope.path}/${name}`, scope.settings);
  node.tag = scope.tag;
  node.limit = scope.limit;
  scope.children.push(node);
  scope.settings.agenda.later(as === "call" ? 2 : 1, () => start(node));
  tell(node, "onSpawn");
  return node;
}

export function spawnDetached(scope: Node, { deadline, inherit, tag }: Spawn, name: string): Node {
  const { settings, path } = scope;
  const node = new Node("spawnDetached", name, undefined, `${path.slice(-LONGEST_PREFIX)}/${name}`, settings);
  node.tag = tag ?? scope.tag;
  const { own, asked, fits } = moments(scope, deadline, inherit);
  limit(node, fits, fits === asked && asked < own ? ownerOfLimit(scope) : node);
  settings.agenda.later(2, () => start(node));
  node.settled.push(() => routeError(node));
  tell(node, "onSpawn");
  return node;
}

/** Its error goes to whoever awaits it at that moment, else to the observer or the console. */
function routeError(node: Node): void {
  if (node.isAwaited || !node.ending || node.ending.state === "succeeded") return;
  const phase = node.hasFailedCleanup ? "cleanup" : "body";
  if (node.ending.state !== "canceled" || node.isCutOff) report(node, node.ending.thrown, phase);
}

/** G8: deadlines nest as the minimum. */
function limit(node: Node, at: number, owner = node): void {
  if (at >= node.limit) return;
  node.limit = at;
  node.own = node.settings.agenda.at(at, () => expire(node, owner));
}

export function tooLate(node: Node, at: number): void {
  node.limit = Math.min(node.limit, at);
  expire(node);
}

/** Whose deadline counts in a scope. */
function ownerOfLimit(scope: Node): Node {
  let owner = scope;
  while (owner.parent && owner.limit === owner.parent.limit) owner = owner.parent;
  return owner;
}

/** `join`; `call` is told what it rejects with, if it does. */
export function join(node: Node, call: (thrown?: Thrown) => void): void {
  node.isSeen = true;
  const { agenda } = node.settings;
  if (node.as === "new") {
    end(node);
    return whenSettled(node, () => node.ending && call("thrown" in node.ending ? node.ending.thrown : undefined));
  }
  whenIdle(
    node,
    () =>
      agenda.later(
        1,
        () => call(node.failures[0] ? failureOf(node) : node.isCut ? node.cancellation?.reason : undefined),
      ),
  );
}

/** `close`; `call` is told what it rejects with, if it does: what nobody has read yet. */
export function close(node: Node, reason: Thrown | undefined, call: (thrown?: Thrown) => void): void {
  if (node.live.length > 0 || node.waits.size > 0) cancel(node, "closed", reason);
  if (node.as !== "new") return whenIdle(node, () => call());
  end(node);
  whenSettled(node, () => {
    const isNews = node.failures.length > 0 && !node.isSeen && node.ending && "thrown" in node.ending;
    if (isNews) node.isSeen = true;
    call(isNews && node.ending && "thrown" in node.ending ? node.ending.thrown : undefined);
  });
}

function end(node: Node): void {
  node.phase = "ended";
  endIfReady(node);
}

function whenSettled(node: Node, call: () => void): void {
  const after = () => node.settings.agenda.later(1, call);
  if (node.ending) after();
  else node.settled.push(after);
}

/** What `join` of a scope whose function still runs rejects with. */
function failureOf(node: Node): Thrown | undefined {
  if (node.ending && "thrown" in node.ending) return node.ending.thrown;
  if (node.errors === "first") return node.failures[0];
  return { is: "ScopeError", errors: [...node.failures], cause: node.failures[0] };
}

/** Somebody awaits a task from now on. */
export function observe(node: Node): void {
  if (node.isAwaited) return;
  node.isAwaited = true;
  if (node.ending && node.parent) noteReading(node.parent, node);
}

/** The last moment at which the host of a detached task may still be held. */
export function heldUntil(node: Node): number {
  return node.limit + Math.max(1, node.settings.grace);
}
