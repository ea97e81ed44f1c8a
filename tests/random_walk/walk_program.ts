import { Binding } from "./binding.ts";
import { Clock } from "./clock.ts";
import { difference } from "./compare.ts";
import { Listeners } from "./listeners.ts";
import { observe } from "./observe.ts";
import { isOpenEnded, play } from "./play.ts";
import type { Program, Step } from "./step.ts";
import { World } from "./world.ts";

/** How a program ended: what was found wrong, if anything, and how far it came. */
export interface Verdict {
  readonly problem?: string | undefined;
  /** The number of the step after which it was found; beyond the last one: at the end, when all is brought to an end. */
  readonly at: number;
  /** Two things were due at once, so that nobody can say what comes first: nothing after that was compared. */
  readonly isUndecided: boolean;
}

const LAST_TURNS = 100;
const MOST_TIMES = 100; // that something is due at one moment
const LAST_STEPS = 1_000; // that bring everything to an end

/** Plays a program on the library and on the model, and compares them after every step and every moment. */
export async function walkProgram({ steps, lifetime }: Program): Promise<Verdict> {
  const clock = new Clock();
  const listeners = new Listeners();
  const restore = [clock.install(), listeners.install()];
  const world = new World(clock, listeners, lifetime);
  const { error } = console;
  console.error = (text: string, thrown: unknown) => {
    world.events.push({ hook: "console", path: /\((.*)\) failed/.exec(text)?.[1] ?? text, error: thrown });
  };
  let at = 0;
  const verdict = (problem?: string): Verdict => ({ problem, at, isUndecided: world.agenda.isUndecided });
  try {
    const binding = new Binding();
    const end = endSteps(world);
    for (;; at++) {
      const step = steps[at] ?? end.next().value;
      if (!step) break;
      const problem = await playAndCompare(world, binding, step);
      if (problem || world.agenda.isUndecided) return verdict(problem);
    }
    return verdict(await atTheEnd(world, binding));
  } catch (error) {
    return verdict(`thrown: ${error instanceof Error ? error.stack : error}`);
  } finally {
    await turns(LAST_TURNS); // what is on its way belongs to this program
    console.error = error;
    restore.forEach((each) => each());
  }
}

async function playAndCompare(world: World, binding: Binding, step: Step): Promise<string | undefined> {
  const { clock, agenda } = world;
  if (step.op !== "advance") {
    play(world, step);
    const problem = await settled(world, binding);
    if (problem) return problem;
  }
  // No two steps at one moment: what they set would be due at one moment, too.
  const target = clock.now + (step.op === "advance" ? step.ms : 0) + 1;
  for (let times = 0; clock.now < target;) {
    if (times > MOST_TIMES) return "the clock is set for the same moment again and again";
    const moment = Math.min(target, agenda.next, clock.next);
    times = moment === clock.now ? times + 1 : 0;
    clock.to(moment);
    agenda.to(moment);
    if (agenda.isUndecided) return undefined;
    const problem = await settled(world, binding);
    if (problem) return problem;
  }
  return undefined;
}

async function settled(world: World, binding: Binding): Promise<string | undefined> {
  await turns(20 + 2 * world.agenda.settle());
  return difference(world, binding);
}

/** Lets the microtask queue run. */
async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await undefined;
}

/** Brings everything to an end: answers all that waits, closes, and lets time pass. */
function* endSteps(world: World): Generator<Step, void> {
  for (let left = LAST_STEPS; left > 0; left--) {
    if (world.gates.length > 0) yield { op: "settle", at: 0, how: "value" };
    else if (world.pairs.some(isOpenEnded)) yield { op: "finish", at: 0, how: "value" };
    else if (world.pairs.some(({ node }) => node.as === "new" && !node.ending)) {
      yield { op: "close", at: left, why: "nothing" };
    } else if (world.pairs.some(({ node }) => !node.ending)) yield { op: "advance", ms: 20_000 };
    else return;
  }
}

/** G1, G13: what must hold when everything has ended. */
async function atTheEnd(world: World, binding: Binding): Promise<string | undefined> {
  const alive = world.pairs.filter(({ node }) => !node.ending);
  if (alive.length > 0) return `has not ended: ${alive.map(({ node }) => node.path).join(", ")}`;
  for (const pair of world.pairs) if (pair.task) observe(world, pair, pair.task);
  const problem = await settled(world, binding);
  if (problem) return problem;
  for (const { node: { cancellation, path }, scope } of world.pairs) {
    if (!scope) continue;
    const { aborted, reason } = scope.signal;
    if (aborted !== (cancellation !== undefined)) return `${path}: its signal is ${aborted ? "" : "not "}aborted`;
    const problem = cancellation && binding.mismatch(cancellation.reason, reason);
    if (problem) return `the reason of ${path}: ${problem}`;
  }
  if (world.clock.timers > 0) return `${world.clock.timers} timers are left`;
  if (world.listeners.count !== 0) return `${world.listeners.count} listeners are left`;
  return undefined;
}
