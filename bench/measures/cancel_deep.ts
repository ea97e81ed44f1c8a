import { TaskScope } from "@taskscope/taskscope";
import type { Measure, Round } from "../lib/measure.ts";

/** Cancels a chain of scopes, each the only child of the one above. */
function chain(depth: number): Round {
  return async () => {
    const root = new TaskScope({ name: "root" });
    const never = Promise.withResolvers<void>();
    const atTheEnd = Promise.withResolvers<void>();
    const descend = (scope: TaskScope, left: number): Promise<void> => {
      if (left === 0) atTheEnd.resolve();
      return left === 0 ? never.promise : scope.spawn((child) => descend(child, left - 1));
    };
    root.spawn((scope) => descend(scope, depth)).catch(() => {});
    await atTheEnd.promise;
    const started = performance.now();
    root.cancel();
    const ended = performance.now();
    never.reject(root.signal.reason);
    await root.close();
    return (ended - started) * 1e6 / depth;
  };
}

export const measure: Measure = {
  title: "Cancel a chain of scopes",
  unit: "ns",
  per: "scope",
  operations: 1,
  not: { workerd: "only a part of the round counts, and its clock stands still in production" },
  contenders: { "TaskScope, 1 000 deep": chain(1_000), "TaskScope, 10 000 deep": chain(10_000) },
  goals: [],
};
