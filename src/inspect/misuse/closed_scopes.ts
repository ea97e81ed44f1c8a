/**
 * Signals of scopes that have ended well: they never abort any more.
 *
 * @module
 */
import { TaskScope } from "../../task_scope.ts";
import { quote } from "./text.ts";
import type { Desk, Detector } from "./detector.ts";
import { type CallListener, listenToCalls } from "./patch.ts";
import { placeOf } from "./place.ts";

/** The signal of a canceled scope has aborted and may be read for ever. */
export function closedScopes(desk: Desk): Detector {
  let isLooking = false;

  function isDead(scope: TaskScope): boolean {
    if (isLooking || scope.state !== "closed") return false;
    isLooking = true;
    const { aborted } = scope.signal;
    isLooking = false;
    return !aborted;
  }

  function listener(key: string, what: string): CallListener {
    return (self, _args, _result, boundary) => {
      const scope = self as TaskScope;
      if (!isDead(scope)) return;
      const place = placeOf({ boundaries: [boundary], isDirect: true });
      if (place === undefined) return; // the library's own
      desk.warn({
        kind: "closed-scope-used",
        path: scope.path,
        place,
        what: `${key} of the scope ${quote(scope.path)} was used after the scope had ended: ${what}`,
        advice: "Use the scope that the running function was given, for work that goes on that of spawnDetached",
        verb: "Used",
      });
    };
  }

  const ends = [
    listenToCalls(TaskScope.prototype, "signal", listener("signal", "it never aborts any more")),
    listenToCalls(TaskScope.prototype, "timeoutSignal", listener("timeoutSignal", "only its time still aborts it")),
    listenToCalls(TaskScope.prototype, "abortable", listener("abortable", "nothing ends the wait any more")),
  ];
  return { stop: () => ends.forEach((end) => end()) };
}
