/**
 * Scopes made with `new` that were collected before anybody closed them.
 *
 * @module
 */
import * as Flag from "../../flags.ts";
import { TaskScope } from "../../task_scope.ts";
import { quote } from "./text.ts";
import type { Desk, Detector } from "./detector.ts";
import { listenToCalls } from "./patch.ts";

/** What is left of a scope that is gone. */
interface Trace {
  readonly path: string;
  readonly place: string | undefined;
  /** `join` or `close` was called; it may still have waited. */
  isClosing: boolean;
}

/** A scope counts as never closed when nothing can close it any more: it has been collected. */
export function unclosedScopes(desk: Desk): Detector {
  const traces = new WeakMap<object, Trace>();
  let isStopped = false;
  const registry = new FinalizationRegistry(({ path, place, isClosing }: Trace) => {
    if (isStopped || isClosing) return;
    desk.warn({
      kind: "scope-not-closed",
      path,
      place,
      what: `the scope ${quote(path)} was never closed: its cleanup has not run, its failure went unnoticed`,
      advice: "Open it with await using, await its close() or join(), or use TaskScope.run",
      verb: "Opened",
    });
  });
  const closing = (scope: object) => {
    const trace = traces.get(scope);
    if (trace) trace.isClosing = true;
  };
  const ends = ["close", "join"].map((key) => listenToCalls(TaskScope.prototype, key, closing));
  return {
    see(node, sight) {
      const { scope } = node;
      if (!scope || !node.is(Flag.MANUAL)) return;
      if (sight === "onOpen") {
        const trace = { path: node.path, place: desk.placeOf(node), isClosing: false };
        traces.set(scope, trace);
        registry.register(scope, trace, scope);
      } else if (sight === "onSettle") registry.unregister(scope);
    },
    stop() {
      isStopped = true;
      ends.forEach((end) => end());
    },
  };
}
