import type { Task } from "@taskscope/taskscope";
import * as model from "./model/calls.ts";
import type { Node } from "./model/node.ts";
import type { Answer } from "./model/thrown.ts";
import type { Pair, World } from "./world.ts";

/** Awaits a task in both worlds. */
export function observe(world: World, { node }: Pair, task: Task<unknown>): void {
  const expect = world.expect(`the handle of ${node.path}`, task);
  model.observe(node);
  if (node.ending) expectEnding(node, expect);
  else node.settled.push(() => expectEnding(node, expect));
}

/** Says how a promise of something that has ended has to settle. */
export function expectEnding({ ending }: Node, expect: (how: Answer) => void): void {
  if (ending) expect("thrown" in ending ? ending : { value: ending.value });
}
