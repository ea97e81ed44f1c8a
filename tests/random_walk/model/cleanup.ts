import { graceOf } from "./cancel.ts";
import { endIfReady, fail, failedAfterAll } from "./life.ts";
import type { Node } from "./node.ts";
import { isCancellation, type Thrown } from "./thrown.ts";

const SHIELD_POLL = 10; // how often a cleanup out of time looks whether its shield has ended

/** What somebody has to settle before a cleanup goes on. */
export interface CleanupGate {
  settle(thrown: Thrown | undefined): void;
}

/** Runs cleanup, last in first out, each within grace; after each, what it spawned is awaited. */
export function cleanUp(node: Node): void {
  node.isCleaning = true;
  const grace = graceOf(node);
  const { agenda } = node.settings;

  const next = (): void => {
    const cleanup = node.cleanups.pop();
    if (cleanup) return cleanup(node, grace, then);
    agenda.later(1, () => {
      node.isCleaning = false;
      endIfReady(node);
    });
  };
  const then = (thrown?: Thrown): void => {
    if (thrown) failed(node, thrown);
    whenIdle(node, () => agenda.later(1, next));
  };
  next();
}

function failed(node: Node, thrown: Thrown): void {
  const isAbandonment = thrown.is === "AbandonedTasksError"; // caused by the cancellation, and a failure all the same
  if (!isAbandonment && node.cancellation && isCancellation(node.cancellation.reason, thrown)) {
    return void (node.isCut = true);
  }
  if (node.failures.length === 0) node.hasFailedCleanup = true;
  fail(node, thrown, "body-failed", node, "cleanup");
}

/** Calls when no child is left, after a turn if there was one. */
export function whenIdle(node: Node, call: () => void): void {
  if (node.live.length === 0) return call();
  node.idle.push(() => node.settings.agenda.later(1, () => whenIdle(node, call)));
}

/** A cleanup that waits for its gate, but no longer than grace; a shield that it may wait for outlasts grace. */
export function waitingCleanup(
  node: Node,
  grace: number,
  then: (thrown?: Thrown) => void,
): CleanupGate {
  const { agenda } = node.settings;
  let isOver = false;
  const due = () => {
    if (node.hasShields) {
      entry = agenda.at(agenda.now + Math.max(grace, SHIELD_POLL), due);
      return;
    }
    isOver = true;
    const cause = node.cancellation?.reason;
    agenda.later(1, () => then({ is: "AbandonedTasksError", tasks: [node.path], cause }));
  };
  let entry = grace === Infinity ? undefined : agenda.at(agenda.now + grace, due);
  return {
    settle(thrown) {
      if (isOver) {
        if (thrown) agenda.later(2, () => failedAfterAll(node, thrown));
        return;
      }
      agenda.remove(entry);
      agenda.later(3, () => then(thrown));
    },
  };
}
