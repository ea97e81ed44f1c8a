/**
 * Deadlines later than the end of the lifetime that has to keep the work alive until then.
 *
 * @module
 */
import { parseDeadline } from "../../deadline.ts";
import { type DetachedOptions, DetachedTask } from "../../detached.ts";
import { endOf } from "../../lifetime.ts";
import type { ScopeNode } from "../../scope_node.ts";
import { TaskScope } from "../../task_scope.ts";
import { ms, quote } from "./text.ts";
import type { Desk, Detector } from "./detector.ts";
import { listenToCalls } from "./patch.ts";
import { placeOf } from "./place.ts";

/** A lifetime as it was when a scope was opened. */
interface Opening {
  readonly at: number;
  /** In milliseconds since 1970. */
  readonly end: number;
}

/** Detached tasks that were clamped, and root scopes; everything else is bounded by these or refused by the core. */
export function longDeadlines(desk: Desk): Detector {
  const openings = new WeakMap<ScopeNode, Opening>();

  function lookAt(root: ScopeNode): void {
    const opening = openings.get(root);
    const { limit, env: { lifetime } } = root;
    if (!opening || !limit || Date.now() <= opening.at) return;
    openings.delete(root);
    // One that moves, as on Cloudflare until the response has ended, does not end what is attached.
    if (endOf(lifetime) !== opening.end || limit.at <= opening.end) return;
    desk.warn({
      kind: "deadline-too-long",
      path: root.path,
      place: desk.placeOf(root),
      what:
        `the scope ${quote(root.path)} has a deadline of ${ms(limit.at - opening.at)}, but its lifetime ends after ` +
        `${ms(opening.end - opening.at)}: the host stops it before its deadline can`,
      advice: "Give it a deadline before the end of the lifetime",
      verb: "Opened",
    });
  }

  function clamped(scope: TaskScope, task: DetachedTask<unknown>, options: DetachedOptions, boundary: unknown): void {
    const now = Date.now();
    const own = parseDeadline(options.deadline, now, "");
    const asked = Math.min(own, options.inheritDeadline ? Number(scope.deadline ?? Infinity) : Infinity);
    const left = task.deadline.getTime() - now;
    desk.warn({
      kind: "deadline-too-long",
      path: task.path,
      place: placeOf({ boundaries: [boundary] }),
      what: `the detached task ${quote(task.path)} asked for ${ms(asked - now)} and was clamped to ${ms(left)}, ` +
        "which is what its lifetime leaves",
      advice: "Ask for less, or hand it off to a queue",
      verb: "Spawned",
    });
  }

  const end = listenToCalls(TaskScope.prototype, "spawnDetached", (self, args, task, boundary) => {
    if (!(task instanceof DetachedTask) || !task.clamped) return;
    try {
      clamped(self as TaskScope, task, args[1] as DetachedOptions, boundary);
    } catch {
      // options that say something else the second time
    }
  });
  return {
    see(node, sight) {
      const { parent, env: { lifetime } } = node;
      if (sight === "onOpen" && endOf(lifetime) !== Infinity) {
        openings.set(node, { at: Date.now(), end: endOf(lifetime) });
      } else if (sight === "onSettle" && !node.task) lookAt(node);
      else if (sight === "onSpawn" && parent && !parent.parent) lookAt(parent);
    },
    stop: end,
  };
}
