/**
 * `race`: the first to end decides. `any`: the first success wins. Losers are canceled *and awaited*, which
 * `Promise.race` and `Promise.any` do not. Go: `select` over channels plus a `cancel()`, Kotlin: `select { onAwait }`,
 * Trio: a nursery whose first child cancels its scope.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { any, asCompleted, race, TaskScope } from "@taskscope/taskscope";

const open = new Set<string>();

/** Asks a mirror; the connection is closed on every path, which takes a moment. */
function ask(mirror: string, ms: number, isDown = false) {
  return async (task: TaskScope): Promise<string> => {
    open.add(mirror);
    task.defer(async () => {
      await Promise.resolve();
      open.delete(mirror);
    });
    await task.sleep(ms);
    if (isDown) throw new Error(`${mirror} is down`);
    return mirror;
  };
}

const fastest = await TaskScope.run((scope) => any(scope, [ask("a", 5, true), ask("b", 20), ask("c", 60_000)]));
console.log(`any: ${fastest}; still open: ${open.size}`);
assertEquals([fastest, open.size], ["b", 0]);

const down = await assertRejects(
  () => TaskScope.run((scope) => race(scope, [ask("a", 5, true), ask("b", 60_000)])),
  Error,
);
console.log(`race: ${down.message}; still open: ${open.size}`);
assertEquals([down.message, open.size], ["a is down", 0]);

const all = await assertRejects(
  () => TaskScope.run((scope) => any(scope, [ask("a", 5, true), ask("b", 1, true)])),
  AggregateError,
);
assertEquals(all.errors.map(({ message }) => message), ["a is down", "b is down"]); // in the order of the functions

const order = await TaskScope.run(async (scope) => {
  const names: string[] = [];
  const tasks = [30, 10, 20].map((ms) => scope.spawn(ask(`${ms} ms`, ms)));
  for await (const { outcome } of asCompleted(tasks)) if (outcome.state === "succeeded") names.push(outcome.value);
  return names;
});
console.log(`asCompleted: ${order.join(", ")}`);
assertEquals(order, ["10 ms", "20 ms", "30 ms"]);
