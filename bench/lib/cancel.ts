import { TaskScope } from "@taskscope/taskscope";
import type { Round } from "./measure.ts";

/** Time a task for canceling so many; the time to set them up does not count. */
export function contenders(tasks: number): Record<string, Round> {
  return {
    async "TaskScope, each waits"() {
      const scope = new TaskScope({ name: "live" });
      const never = Promise.withResolvers<void>();
      for (let i = 0; i < tasks; i++) scope.spawn((task) => task.abortable(never.promise));
      await null;
      const started = performance.now();
      scope.cancel();
      const ended = performance.now();
      await scope.close();
      never.resolve();
      return (ended - started) * 1e6 / tasks;
    },
    async "TaskScope, nobody to tell"() {
      const scope = new TaskScope({ name: "live" });
      const never = Promise.withResolvers<void>();
      for (let i = 0; i < tasks; i++) scope.spawn(() => never.promise);
      await null;
      const started = performance.now();
      scope.cancel();
      const ended = performance.now();
      never.reject(scope.signal.reason);
      await scope.close();
      return (ended - started) * 1e6 / tasks;
    },
    "plain listeners"() {
      // A target a listener: adding many to one signal is quadratic.
      const controllers = Array.from({ length: tasks }, () => new AbortController());
      let heard = 0;
      for (const { signal } of controllers) signal.addEventListener("abort", () => heard++);
      const reason = new Error("canceled");
      const started = performance.now();
      for (const controller of controllers) controller.abort(reason);
      const ended = performance.now();
      if (heard !== tasks) throw new Error(`${heard} of ${tasks} listeners ran`);
      return (ended - started) * 1e6 / tasks;
    },
  };
}
