/**
 * Stop waiting for a promise that cannot be canceled when the scope is: the wait ends at once, the work behind it may not.
 * Go: `select { case r := <-done: … case <-ctx.Done(): … }`. Kotlin: `runInterruptible` or `await()` in a canceled job.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { DeadlineExceededError, TaskScope } from "@taskscope/taskscope";

/** A library call that takes no signal. */
function oldLookup(ms: number): Promise<string> {
  return new Promise((resolve) => setTimeout(() => resolve("found"), ms));
}

const found = await TaskScope.run((scope) => scope.abortable(oldLookup(20)), { deadline: 500 });
console.log(`in time: ${found}`);
assertEquals(found, "found");

const started = performance.now();
const error = await assertRejects(
  () => TaskScope.run((scope) => scope.abortable(oldLookup(400)), { deadline: 50, name: "lookup" }),
  DeadlineExceededError,
);
const waited = performance.now() - started;
console.log(`too late, after ${Math.round(waited)} ms: ${error.message}`);
assertEquals([waited < 300, error.origin], [true, "lookup"]);

// Several waits end together, each with the one reason.
const reasons = await TaskScope.run(async (scope) => {
  const waits = [oldLookup(400), oldLookup(300)].map((promise) => scope.abortable(promise).catch((reason) => reason));
  scope.cancel("enough");
  return await Promise.all(waits);
}).catch((reason) => reason);
console.log(`canceled: ${reasons}`);
assertEquals(reasons, ["enough", "enough"]); // both waits were handled, so nothing was cut and the value counts
