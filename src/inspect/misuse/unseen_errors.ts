/**
 * Failures that ended on the console: nobody awaited the task, and no observer was told.
 *
 * @module
 */
import { builtin } from "../../builtin.ts";
import * as Flag from "../../flags.ts";
import type { ErrorPhase } from "../../observer.ts";
import type { ScopeNode } from "../../scope_node.ts";
import { show } from "../../validate.ts";
import { inertText } from "../../inert_text.ts";
import { quote } from "./text.ts";
import type { Desk, Detector } from "./detector.ts";

interface DiagnosticsChannel {
  channel(name: string): { readonly hasSubscribers: boolean };
}

/** Tells when it happens, not when it might: a task that nobody awaits and that ends well is no mistake. */
export function unseenErrors(desk: Desk): Detector {
  return {
    see(node, sight, args) {
      if (sight !== "onError" || isSeen(node, args[0], args[1] as { phase: ErrorPhase })) return;
      desk.warn({
        kind: "unseen-error",
        path: node.path,
        place: desk.placeOf(node),
        what:
          `the task ${quote(node.path)} failed (${
            inertText(show(args[0]))
          }), nobody awaited it then, and no observer was told: ` +
          "the error is on the console and nowhere else",
        advice: node.parent && !node.parent.is(Flag.SUPERVISE)
          ? 'Give the scope an observer with onError, or errors: "aggregate"'
          : "Await the task or read its outcome before it fails, or give the scope an observer with onError",
        verb: "Spawned",
      });
    },
  };
}

function isSeen(node: ScopeNode, error: unknown, { phase }: { phase: ErrorPhase }): boolean {
  const { task, parent, env, failures } = node;
  if (!task || phase === "after-abandon") return true; // its AbandonedTasksError has surfaced
  if (node.is(Flag.OBSERVED) || parent?.is(Flag.AGGREGATE) || env.observer?.onError) return true;
  if (node.taskState === "abandoned" || node.taskState === "canceled") return true;
  // A function that wraps the failure of one of its tasks tells nothing new.
  const isWrapped = failures?.[0] !== error && (error as Partial<Error> | undefined)?.cause === failures?.[0];
  return isWrapped || isHeard();
}

/** Whether somebody subscribes to errors of all scopes. */
function isHeard(): boolean {
  const { channel } = builtin<DiagnosticsChannel>("node:diagnostics_channel");
  return channel?.("taskscope:onError").hasSubscribers === true;
}
