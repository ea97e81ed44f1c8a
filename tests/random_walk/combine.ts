import { any, hedge, map, race, retry, type Task, type TaskScope } from "@taskscope/taskscope";
import { combine as expected, HEDGE_DELAY, RETRY_WAIT } from "./model/combinator.ts";
import type { Node } from "./model/node.ts";
import { observe } from "./observe.ts";
import { puppet } from "./puppet.ts";
import type { Combine } from "./step.ts";
import type { Pair, World } from "./world.ts";

/** Plays a combinator in both worlds. */
export function combine(world: World, scope: TaskScope, above: Node, step: Combine): void {
  const { as, bodies, concurrency, awaited } = step;
  const attempts = bodies.map((body) => {
    const pair: Partial<Pair> = {};
    const { fn, attach } = puppet(world, pair as Pair, body);
    return { pair, fn, attach, name: as === "retry" || as === "hedge" ? "attempt" : `a${world.number()}` };
  });
  const fns = attempts.map(({ fn, name }) =>
    Object.defineProperty((scope: TaskScope) => fn(scope), "name", { value: name })
  );
  let next = 0;
  const each = Object.defineProperty((scope: TaskScope) => fns[next++]?.(scope), "name", { value: "attempt" });
  const options = { maxAttempts: bodies.length, minTimeout: RETRY_WAIT, jitter: 0 };
  const calls = {
    race: () => race(scope, fns),
    any: () => any(scope, fns),
    retry: () => retry(scope, each, options),
    hedge: () => hedge(scope, each, { delay: HEDGE_DELAY, attempts: bodies.length }),
    map: () => map(scope, fns, (fn, task) => fn(task), { concurrency }),
  };
  const refusal = above.ending ? "ScopeClosedError" : above.cancellation ? "ScopeCanceledError" : undefined;
  let task: Task<unknown>;
  try {
    task = calls[as]() as Task<unknown>;
  } catch (error) {
    if ((error as Error).name !== refusal) world.problem = `${as} threw ${error}, expected ${refusal}`;
    return;
  }
  if (refusal) return void (world.problem = `${as} threw nothing, expected ${refusal}`);
  const begin = attempts.map(({ pair, attach }) => (node: Node) => {
    world.pairs.push(Object.assign(pair, { node }));
    attach(node);
  });
  const node = expected(above, step, attempts.map(({ name }) => name), begin);
  const pair = { node, task, isGroup: true };
  world.pairs.push(pair);
  if (awaited) observe(world, pair, task);
}
