import type { Combine } from "../step.ts";
import { sleep } from "./body.ts";
import { call, observe } from "./calls.ts";
import { cancel } from "./cancel.ts";
import { answer, report } from "./life.ts";
import type { Node } from "./node.ts";
import type { Answer, Thrown } from "./thrown.ts";

/** The wait before the second attempt of a retry; each one is twice as long as the last. */
export const RETRY_WAIT = 130;

/** Starts one attempt of a group and gives it its function. */
export type Attempt = (node: Node) => void;

/** `race`, `any` and `retry`: a call that its caller awaits, and calls below it. */
export function combine(scope: Node, as: Combine["as"], names: readonly string[], attempts: readonly Attempt[]): Node {
  const group = call(scope, as);
  const begin = (index: number): Node => {
    const node = call(group, names[index] ?? "");
    attempts[index]?.(node);
    observe(node);
    return node;
  };
  group.call = () => {
    if (as === "retry") return retry(group, attempts.length, begin, 0);
    firstOf(group, attempts.map((_, index) => begin(index)), as === "race");
  };
  return group;
}

/** The first attempt that decides has the last word: the others are canceled and awaited. */
function firstOf(group: Node, tasks: readonly Node[], anyEndDecides: boolean): void {
  const { agenda } = group.settings;
  const ended: Node[] = [];
  const passed = new Set<Node>(); // failed, and decided nothing
  let isLooking = true;
  let left = tasks.length;
  const look = () => {
    const [next] = ended;
    if (!isLooking || !next) return;
    isLooking = false;
    agenda.later(1, () => take(ended.shift() ?? next));
  };
  const take = (task: Node) => {
    left--;
    const decides = group.cancellation || anyEndDecides || task.taskState === "succeeded";
    if (decides) return decide(group, tasks, task, passed);
    passed.add(task);
    isLooking = left > 0;
    if (left > 0) return look();
    const errors = tasks.map(thrownBy);
    answer(group, 4, { thrown: { is: "AggregateError", errors } });
  };
  for (const task of tasks) {
    whenSettled(task, () =>
      agenda.later(1, () => {
        ended.push(task);
        look();
      }));
  }
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
