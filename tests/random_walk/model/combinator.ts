import type { Combine } from "../step.ts";
import { sleep } from "./body.ts";
import { mapAll } from "./map.ts";
import { call, observe } from "./calls.ts";
import { cancel } from "./cancel.ts";
import { answer, report } from "./life.ts";
import type { Node } from "./node.ts";
import type { Answer, Thrown } from "./thrown.ts";

/** The wait before the second attempt of a retry; each one is twice as long as the last. */
export const RETRY_WAIT = 130;

/** The time a hedge waits before the next attempt. */
export const HEDGE_DELAY = 170;

/** Starts one attempt of a group and gives it its function. */
export type Attempt = (node: Node) => void;

/** A combinator: a call that its caller awaits, and calls below it, or, for `map`, tasks. */
export function combine(
  scope: Node,
  { as, concurrency }: Combine,
  names: readonly string[],
  attempts: readonly Attempt[],
): Node {
  const group = call(scope, as);
  const begin = (index: number): Node => {
    const node = call(group, names[index] ?? "");
    attempts[index]?.(node);
    observe(node);
    return node;
  };
  group.call = () => {
    if (as === "retry") return retry(group, attempts.length, begin, 0);
    if (as === "map") return mapAll(group, attempts, concurrency);
    firstOf(group, attempts.length, begin, as === "race", as === "hedge" ? HEDGE_DELAY : undefined);
  };
  return group;
}

/** The first attempt that decides has the last word: the others are canceled and awaited. */
function firstOf(
  group: Node,
  most: number,
  begin: (index: number) => Node,
  anyEndDecides: boolean,
  delay?: number,
): void {
  const tasks: Node[] = [];
  const ended: Node[] = [];
  const passed = new Set<Node>(); // failed, and decided nothing
  let taken = 0;
  let wake = () => {};
  const { agenda } = group.settings;
  const add = () => {
    const task = begin(tasks.length);
    tasks.push(task);
    whenSettled(task, () =>
      agenda.later(1, () => {
        ended.push(task);
        wake();
      }));
  };
  const go = () => {
    const isOpen = () => !group.cancellation && tasks.length < most;
    if (!isOpen() && taken === tasks.length) return allFailed(group, tasks);
    for (let more = delay === undefined ? most : 1; more > 0 && isOpen(); more--) add();
    let isWaiting = true;
    const next = () => {
      if (!isWaiting) return;
      isWaiting = false;
      end?.();
      take();
    };
    const isHedging = delay !== undefined && isOpen();
    wake = () => agenda.later(isHedging ? 3 : 1, next);
    if (taken < ended.length) wake();
    const end = isHedging ? sleep(group, delay, () => agenda.later(4, next)) : undefined;
  };
  const take = () => {
    const task = ended[taken];
    if (!task) return go();
    taken++;
    if (group.cancellation || anyEndDecides || task.taskState === "succeeded") {
      return decide(group, tasks, task, passed);
    }
    passed.add(task);
    go();
  };
  go();
}

function allFailed(group: Node, tasks: readonly Node[]): void {
  if (group.cancellation) return answer(group, 1, { thrown: group.cancellation.reason });
  answer(group, 4, { thrown: { is: "AggregateError", errors: tasks.map(thrownBy) } });
}

function decide(group: Node, tasks: readonly Node[], first: Node, passed: ReadonlySet<Node>): void {
  const reason: Thrown = { is: "CancelReason", kind: "canceled", origin: group.path };
  for (const task of tasks) cancel(task, "canceled", reason);
  let left = tasks.length;
  const ended = () => {
    if (--left === 0) group.settings.agenda.later(2, end);
  };
  const end = () => {
    const failed = tasks.filter((task) => task.taskState === "failed" && task !== first && !passed.has(task));
    const winner = first.taskState === "canceled" ? failed.shift() ?? first : first;
    for (const loser of failed) report(loser, thrownBy(loser), loser.hasFailedCleanup ? "cleanup" : "body");
    answer(group, 3, answerOf(winner));
  };
  for (const task of tasks) whenSettled(task, ended);
}

function retry(group: Node, most: number, begin: (index: number) => Node, index: number): void {
  const { agenda } = group.settings;
  const task = begin(index);
  const again = (how: Answer) => {
    if ("thrown" in how) answer(group, 2, how); // canceled while it waited
    else agenda.later(1, () => retry(group, most, begin, index + 1));
  };
  whenSettled(task, () =>
    agenda.later(2, () => {
      const isLast = index + 1 >= most || group.cancellation;
      if (task.taskState === "succeeded" || isLast) answer(group, 1, answerOf(task));
      else sleep(group, RETRY_WAIT * 2 ** index, again);
    }));
}

/** Calls as soon as a task has ended. */
export function whenSettled(task: Node, call: () => void): void {
  if (task.ending) call();
  else task.settled.push(call);
}

/** What whoever awaits an ended task gets. */
export function answerOf({ ending }: Node): Answer {
  if (!ending) throw new Error("It has not ended");
  return "thrown" in ending ? ending : { value: ending.value };
}

function thrownBy(task: Node): Thrown {
  const how = answerOf(task);
  if ("thrown" in how) return how.thrown;
  throw new Error("It has not failed");
}
