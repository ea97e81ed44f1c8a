import type { Task, TaskScope } from "@taskscope/taskscope";
import { refusals, spawn } from "./model/calls.ts";
import type { Node } from "./model/node.ts";
import { puppet } from "./puppet.ts";
import type { Nested, Spawn } from "./step.ts";
import type { Pair, World } from "./world.ts";

/** A task that is spawned in the midst of something: each world does it when it comes to it. */
export interface Nest {
  real(scope: TaskScope): void;
  model(node: Node): void;
}

export function nest(world: World, { as, body, deadline }: Nested): Nest {
  const step: Spawn = { op: "spawn", at: 0, as, body, deadline, nested: null, ...NOTHING_ELSE };
  const name = `n${world.number()}`;
  const pair: Partial<Pair> = {};
  const { fn, attach } = puppet(world, pair as Pair, body);
  let thrown: string | undefined;
  let expected: readonly string[] | undefined;
  world.checks.push(() => {
    const isDone = (pair.task ?? thrown) !== undefined;
    if (isDone !== (expected !== undefined)) return `${name} should ${expected ? "" : "not "}have been spawned by now`;
    const isRight = thrown === undefined ? expected?.length === 0 : expected?.includes(thrown);
    return !isDone || isRight ? undefined : `${as} of ${name} threw ${thrown ?? "nothing"}, expected ${expected}`;
  });
  return {
    real(scope) {
      const method = scope[as] as (fn: unknown, options: unknown) => Task<unknown>;
      try {
        pair.task = method.call(scope, fn, { name, ...(deadline !== null && { deadline }) });
      } catch (error) {
        thrown = (error as Error).name;
      }
    },
    model(node) {
      expected = refusals(node, step, false);
      if (expected.length > 0) return;
      const child = spawn(node, step, name);
      world.pairs.push(Object.assign(pair, { node: child }));
      attach(child);
    },
  };
}

const NOTHING_ELSE = { awaited: false, tag: null, inherit: false, clamp: false };
