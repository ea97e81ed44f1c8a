import type { ScopeTree } from "@taskscope/taskscope";
import type { Binding } from "./binding.ts";
import { heldUntil } from "./model/calls.ts";
import type { Event, Node } from "./model/node.ts";
import { type Pair, type RealEvent, TAG, type World } from "./world.ts";

/** The first thing in which the worlds differ; `undefined` if they do not. */
export function difference(world: World, binding: Binding): string | undefined {
  if (world.problem) return world.problem;
  for (const check of world.checks) {
    const problem = check();
    if (problem) return problem;
  }
  const events = eventsDiffer(world, binding);
  if (events) return events;
  for (const pair of world.pairs) {
    const problem = pairDiffers(pair, binding);
    if (problem) return `${pair.node.path}: ${problem}`;
  }
  return promisesDiffer(world, binding) ?? heldDiffers(world);
}

function eventsDiffer({ events, expected }: World, binding: Binding): string | undefined {
  const [real, wanted] = [events.splice(0), expected.splice(0)];
  for (let at = 0; at < Math.max(real.length, wanted.length); at++) {
    const [one, other] = [real[at], wanted[at]];
    const isSame = one && other && showEvent(one) === showEvent(other);
    if (!isSame) return `expected ${other ? showEvent(other) : "no event"}, got ${one ? showEvent(one) : "none"}`;
    const problem = other.thrown && binding.mismatch(other.thrown, one.error);
    if (problem) return `${showEvent(one)}: ${problem}`;
  }
  return undefined;
}

function showEvent({ hook, path, detail = "" }: RealEvent | Event): string {
  return `${hook} ${path} ${detail}`.trimEnd();
}

function pairDiffers({ node, scope, task, isGroup }: Pair, binding: Binding): string | undefined {
  const late = node.ending?.state === "succeeded" && node.ending.late;
  if (task) {
    const problem = differs("state", task.state, node.taskState) ?? differs("late", task.late, late);
    if (problem) return problem;
  }
  const isCalled = node.isCalled || node.as === "new";
  if (isGroup) return undefined; // its function is the library's own
  if (!scope) return isCalled ? "its function was not called" : undefined;
  if (!isCalled) return "its function was called";
  const counters = Object.fromEntries(Object.keys(node.counters).map((key) => [key, Reflect.get(scope.counters, key)]));
  const limit = node.limit === Infinity ? undefined : Math.trunc(node.limit);
  return differs("scope.state", scope.state, node.scopeState) ??
    differs("counters", JSON.stringify(counters), JSON.stringify(node.counters)) ??
    differs("deadline", scope.deadline?.getTime(), limit) ??
    differs("value of the context", scope.get(TAG), node.tag) ??
    suppressedDiffer(node, scope.suppressed, binding) ??
    (node.ending ? undefined : treeDiffers(node, scope.tree()));
}

function differs(what: string, real: unknown, expected: unknown): string | undefined {
  return real === expected ? undefined : `${what}: expected ${expected}, got ${real}`;
}

function suppressedDiffer({ failures }: Node, real: readonly unknown[], binding: Binding): string | undefined {
  const expected = failures.slice(1);
  if (real.length !== expected.length) return `expected ${expected.length} suppressed, got ${real.map(String)}`;
  for (const [at, thrown] of expected.entries()) {
    const problem = binding.mismatch(thrown, real[at]);
    if (problem) return `suppressed[${at}]: ${problem}`;
  }
  return undefined;
}

function treeDiffers(node: Node, tree: ScopeTree): string | undefined {
  const { reason, path, state, children, shield = false } = tree;
  const { cancellation } = node;
  const live = node.live;
  const problem = differs("path", path, node.path) ??
    differs("state in tree()", state, node.isTask ? node.taskState : node.scopeState) ??
    differs("shield", shield, node.as === "shield") ??
    differs("kind of the reason", reason?.kind, cancellation && (cancellation.reason.kind ?? cancellation.kind)) ??
    differs("children", children.map(({ name }) => name).join(), live.map(({ name }) => name).join());
  return problem;
}

function promisesDiffer({ promised }: World, binding: Binding): string | undefined {
  for (const { what, real, expected } of promised) {
    const isSame = (real === undefined) === (expected === undefined);
    if (!isSame) return `${what}: ${expected ? "should have settled" : "settled too early"}`;
    if (!real || !expected) continue;
    const problem = "thrown" in expected
      ? "error" in real ? binding.mismatch(expected.thrown, real.error) : "it resolved, and should have rejected"
      : "value" in real
      ? differs("value", shown(real.value), shown(expected.value))
      : `it rejected with ${real.error}, and should have resolved`;
    if (problem) return `${what}: ${problem}`;
  }
  return undefined;
}

/** A list, as `map` returns it, by what is in it. */
function shown(value: unknown): unknown {
  return Array.isArray(value) ? JSON.stringify(value) : value;
}

/** What the host is given settles when the task has, and at the latest at its deadline and grace. */
function heldDiffers({ held, agenda: { now } }: World): string | undefined {
  for (const { node, isOver } of held) {
    if (!isOver && node.ending) return `${node.path} has ended, and its host is still held`;
    if (!isOver && now > heldUntil(node)) return `the host of ${node.path} is held for longer than deadline and grace`;
    if (isOver && !node.ending && now < node.limit) return `the host of ${node.path} was let go too early`;
  }
  return undefined;
}
