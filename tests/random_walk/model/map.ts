import { wait } from "./body.ts";
import { call, join, observe } from "./calls.ts";
import type { Attempt } from "./combinator.ts";
import { whenSettled } from "./combinator.ts";
import { answer } from "./life.ts";
import type { Node } from "./node.ts";
import type { Thrown } from "./thrown.ts";

/** `map` over a list: a task an item, at most so many at once, the results in the order of the list. */
export function mapAll(group: Node, items: readonly Attempt[], concurrency: number): void {
  const { settings: { agenda }, settings } = group;
  const results: unknown[] = [];
  let running = 0;
  let free = () => {};

  const begin = (index: number) => {
    const task = call(group, `task-${++settings.unnamed}`, "spawn");
    items[index]?.(task);
    observe(task);
    running++;
    const ended = () => {
      if (task.ending?.state === "succeeded") results[index] = task.ending.value;
      running--;
      free();
    };
    whenSettled(task, () => agenda.later(1, ended));
  };
  const go = (index: number): void => {
    for (let at = index; at < items.length; at++) {
      if (group.cancellation) return giveUp(group, group.cancellation.reason);
      begin(at);
      if (running >= concurrency) return waitForPlace(at + 1);
    }
    join(group, (thrown) => answer(group, 2, thrown ? { thrown } : { value: results }));
  };
  const waitForPlace = (index: number) => {
    const end = wait(group, (how) => {
      agenda.later(1, () => "thrown" in how ? giveUp(group, how.thrown) : go(index));
    });
    free = () => end({ value: undefined });
  };
  go(0);
}

/** The source is told that it is not needed any more, as a cleanup: one that ends by itself, soon. */
function giveUp(group: Node, thrown: Thrown): void {
  const { agenda } = group.settings;
  group.cleanups.push((_node, _grace, then) => agenda.later(4, then));
  answer(group, 1, { thrown });
}
