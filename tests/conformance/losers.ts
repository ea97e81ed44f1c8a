/** What combinators have to do with the ones that lose, or are canceled. */
import { type TaskFunction, TaskScope } from "@taskscope/taskscope";
import { assertStrictEquals, rejection, turn, type Watch } from "./assert.ts";

/** A loser that notes when it has cleaned up, some time after its cancellation. */
export function slow(log: string[], name = "loser"): TaskFunction<string> {
  return async (task) => {
    const reason = await rejection(task.sleep(60_000));
    await turn(5);
    log.push(`${name} cleaned up`);
    throw reason;
  };
}

/** Runs a combinator in a scope that is canceled while it waits. */
export async function canceled(watch: Watch, start: (scope: TaskScope) => Promise<unknown>): Promise<void> {
  const reason = new Error("enough");
  let inner: unknown;
  const error = await rejection(TaskScope.run(async (scope) => {
    const result = start(watch(scope)).catch((error) => {
      inner = error;
      throw error;
    });
    await turn(2);
    scope.cancel(reason);
    await result;
  }));
  assertStrictEquals(inner, reason);
  assertStrictEquals(error, reason);
}
