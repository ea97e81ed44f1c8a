/**
 * Standard signals at the edge: what takes an AbortSignal, as `@std/async` does, ends with its scope.
 */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { abortable } from "@std/async/abortable";
import { delay } from "@std/async/delay";
import { pooledMap } from "@std/async/pool";
import { TaskScope } from "@taskscope/taskscope";

// Cancellation: the delay rejects with the reason of the scope, and its timer is gone.
const reason = new Error("the client left");
const endings: string[] = [];
const error = await TaskScope.run(async (scope) => {
  scope.spawn(({ signal }) => delay(60_000, { signal }), { name: "poll" });
  scope.spawn(({ signal }) => abortable(new Promise(() => {}), signal), { name: "lock" });
  await delay(1);
  scope.cancel(reason);
}, {
  observer: { onSettle: ({ name }, { state }) => endings.push(`${name} ${state}`) },
}).catch((error) => error);
assertStrictEquals(error, reason);
assertEquals(endings.sort(), ["lock canceled", "poll canceled"]);

// A pool of their making, whose calls belong to the scope: one that fails ends the others.
const sizes = await TaskScope.run((scope) =>
  Array.fromAsync(pooledMap(2, ["a", "bb", "ccc"], (word) => scope.spawn(() => word.length)))
);
assertEquals(sizes, [1, 2, 3]);
console.log(`${endings.join(", ")}; sizes ${sizes.join(", ")}`);
