import { type Task, TaskScope, type TaskScopeOptions } from "@taskscope/taskscope";
import { sleep, wait } from "./model/body.ts";
import * as model from "./model/calls.ts";
import { cancel } from "./model/cancel.ts";
import { waitingCleanup } from "./model/cleanup.ts";
import { combine } from "./combine.ts";
import { start } from "./model/life.ts";
import { expectEnding, observe } from "./observe.ts";
import type { Node } from "./model/node.ts";
import type { Answer, Thrown } from "./model/thrown.ts";
import { puppet, settle } from "./puppet.ts";
import { nest } from "./nest.ts";
import type { Nested, Open, Spawn, Step, Why } from "./step.ts";
import { type Pair, TAG, type World } from "./world.ts";

/** Plays one step in both worlds; the real one first. Time is moved by the caller. */
export function play(world: World, step: Exclude<Step, { op: "advance" }>): void {
  if (step.op === "open") return open(world, step);
  if (step.op === "abort") return abort(world, step.at, step.why);
  if (step.op === "finish") {
    const { finish } = pick(world.pairs.filter(isOpenEnded), step.at) ?? {};
    return finish?.(world.answer(step.how));
  }
  if (step.op === "adopt") return adopt(world, step.at);
  if (step.op === "settle") {
    const [gate] = world.gates.splice(step.at % Math.max(1, world.gates.length), 1);
    return gate?.(world.answer(step.how));
  }
  if (step.op === "observe" || (step.op === "cancel" && step.by === "task")) {
    const pair = pick(world.pairs.filter(({ task }) => task), step.at);
    if (!pair?.task) return;
    if (step.op === "observe") return observe(world, pair, pair.task);
    const { thrown, value } = world.reason(step.why);
    pair.task.cancel(value);
    return cancel(pair.node, "canceled", thrown);
  }
  const { scope, node } = pick(preferred(world, step.at), step.at) ?? {};
  if (scope && node) onScope(world, scope, node, step);
}

type OnScope = Extract<Step, { op: "spawn" | "combine" | "cancel" | "join" | "close" | "defer" | "wait" }>;

function onScope(world: World, scope: TaskScope, node: Node, step: OnScope): void {
  switch (step.op) {
    case "spawn":
      return spawn(world, scope, node, step);
    case "combine":
      return combine(world, scope, node, step);
    case "cancel": {
      const { thrown, value } = world.reason(step.why);
      scope.cancel(value);
      return cancel(node, "canceled", thrown);
    }
    case "join":
      return model.join(node, ending(world.expect(`join of ${node.path}`, scope.join())));
    case "close": {
      const { thrown, value } = world.reason(step.why);
      return model.close(node, thrown, ending(world.expect(`close of ${node.path}`, scope.close(value))));
    }
    case "defer":
      return defer(world, scope, node, step.body, step.nested);
    case "wait":
      return step.ms === null ? waitForGate(world, scope, node) : waitForTime(world, scope, node, step.ms);
  }
}

/** A function ends as one of its tasks does: not of another one's, that could wait for itself. */
function adopt(world: World, at: number): void {
  const pair = pick(world.pairs.filter(isOpenEnded).filter(({ node }) => node.children.length > 0), at);
  const of = pick(world.pairs.filter(({ node, task }) => task && node.parent === pair?.node), at);
  if (of) pair?.adopt?.(of);
}

/** Now and then one that has ended: mostly those that have not. */
function preferred({ pairs }: World, at: number): Pair[] {
  const all = pairs.filter(({ scope }) => scope);
  const open = all.filter(({ node }) => !node.ending);
  return at % 10 === 9 || open.length === 0 ? all : open;
}

/** Whether its function runs until somebody ends it, also when it has been abandoned. */
export function isOpenEnded({ finish, scope, node }: Pair): boolean {
  return finish !== undefined && scope !== undefined && (!node.isAnswered || node.body === "waits");
}

function pick<T>(candidates: readonly T[], at: number): T | undefined {
  return candidates[at % Math.max(1, candidates.length)];
}

function ending(tell: (how: Answer) => void): (thrown?: Thrown) => void {
  return (thrown) => tell(thrown ? { thrown } : { value: undefined });
}

function open(world: World, step: Open): void {
  const name = `r${world.number()}`;
  const signals = [...new Set(step.signals)].flatMap((at) => world.foreign[at] ?? []);
  const options: TaskScopeOptions = {
    name,
    signal: signals.map(({ controller }) => controller.signal),
    policy: step.policy,
    errors: step.errors,
    lifetime: world.lifetime,
    concurrency: step.concurrency ?? Infinity,
    grace: step.grace ?? Infinity,
    ...(step.deadline !== null && { deadline: step.deadline }),
    ...(step.observed && { observer: world.observer }),
    ...(step.tag !== null && { context: [TAG.with(step.tag)] }),
  };
  const node = model.open(step, name, world.settings(step.grace, step.observed));
  const pair: Pair = { node };
  world.pairs.push(pair);
  const begin = () => {
    for (const signal of signals) world.follow(signal, node, "canceled");
    if (step.deadline !== null && step.deadline <= 0) model.tooLate(node, world.clock.now + step.deadline);
  };
  if (step.manual) {
    pair.scope = new TaskScope(options);
    return begin();
  }
  const { fn, attach } = puppet(world, pair, step.body);
  attach(node);
  const expect = world.expect(`run ${name}`, TaskScope.run(fn, options));
  node.settled.push(() => expectEnding(node, expect));
  begin();
  start(node);
}

function spawn(world: World, scope: TaskScope, above: Node, step: Spawn): void {
  const name = `t${world.number()}`;
  const refusals = model.refusals(above, step, world.closing.reason !== undefined);
  const pair: Pair = { node: above };
  const options = {
    name,
    ...(step.deadline !== null && { deadline: step.deadline }),
    ...(step.tag !== null && { context: [TAG.with(step.tag)] }),
  };
  const { fn, attach } = puppet(world, pair, step.body, step.nested);
  const isDetached = step.as === "spawnDetached";
  const detached = { inheritDeadline: step.inherit, onExceed: step.clamp ? "clamp" : "reject" };
  let task: Task<unknown> | undefined;
  try {
    const method = scope[step.as] as (fn: unknown, options: unknown) => Task<unknown> | undefined;
    task = method.call(scope, fn, { ...options, ...(isDetached && detached) });
  } catch (error) {
    const thrown = (error as Error).name;
    if (!refusals.includes(thrown)) world.problem = `${step.as} threw ${error}, expected ${refusals.join() || "none"}`;
    if (thrown === "ScopeCanceledError" && (error as Error).cause !== scope.signal.reason) {
      world.problem = "another cause";
    }
    return;
  }
  const isFull = step.as === "trySpawn" && above.taken >= above.concurrency;
  if (!task) return void (refusals.length > 0 || isFull || (world.problem = "trySpawn gave undefined"));
  if (refusals.length > 0 || isFull) return void (world.problem = `${step.as} threw nothing, expected ${refusals}`);
  const node = isDetached ? model.spawnDetached(above, step, name) : model.spawn(above, step, name);
  Object.assign(pair, { node, task });
  attach(node);
  world.pairs.push(pair);
  if (isDetached) {
    world.hold(node);
    world.follow(world.closing, node, "lifetime");
  }
  if (step.awaited) observe(world, pair, task);
}

function abort(world: World, at: number, why: Why): void {
  const { [at % world.foreign.length]: foreign } = world.foreign;
  if (!foreign || foreign.reason) return;
  const { thrown, value } = world.reason(why);
  foreign.controller.abort(value);
  foreign.reason = thrown ?? { is: "given", value: foreign.controller.signal.reason, isAbortError: true };
  const { reason: given } = foreign;
  const then = [...foreign.followers].map((follower) => follower(given));
  foreign.followers.clear();
  for (const call of then) call?.();
}

function defer(
  world: World,
  scope: TaskScope,
  node: Node,
  what: "returns" | "throws" | "waits",
  inner: Nested | null,
): void {
  const within = inner && nest(world, inner);
  const thrown = world.thrown("error");
  const gate = Promise.withResolvers<void>();
  gate.promise.catch(() => {});
  const name = `cleanup ${world.number()}`;
  const note = () => void world.events.push({ hook: "cleanup", path: name });
  try {
    scope.defer(() => {
      note();
      within?.real(scope);
      if (what === "throws") throw thrown.value;
      return what === "waits" ? gate.promise : undefined;
    });
  } catch (error) {
    if (!node.ending || (error as Error).name !== "ScopeClosedError") world.problem = `defer threw ${error}`;
    return;
  }
  if (node.ending) world.problem = "defer on a closed scope threw nothing";
  node.cleanups.push((_, grace, then) => {
    world.expected.push({ hook: "cleanup", path: name });
    within?.model(node);
    if (what !== "waits") return then(what === "throws" ? thrown : undefined);
    const { settle } = waitingCleanup(node, grace, then);
    world.gates.push((how) => {
      if ("thrown" in how) gate.reject(how.thrown.value);
      else gate.resolve();
      settle("thrown" in how ? how.thrown : undefined);
    });
  });
}

function waitForTime(world: World, scope: TaskScope, node: Node, ms: number): void {
  const expect = world.expect(`a sleep in ${node.path}`, scope.sleep(ms));
  sleep(node, ms, expect);
}

function waitForGate(world: World, scope: TaskScope, node: Node): void {
  const gate = Promise.withResolvers<unknown>();
  gate.promise.catch(() => {});
  const expect = world.expect(`a wait in ${node.path}`, scope.abortable(gate.promise));
  const isOver = node.ending && !node.cancellation; // then nothing can end it early
  const end = isOver ? (how: Answer) => world.agenda.later(1, () => expect(how)) : wait(node, expect);
  world.gates.push((how) => {
    settle(gate, how);
    end(how);
  });
}
