/**
 * Detached work without a deadline is refused: a type error, and a TypeError before anything starts.
 * Go's `context.WithoutCancel(ctx)` alone runs for ever, Kotlin's `GlobalScope.launch` is marked delicate, and
 * `waitUntil(promise)` takes whatever it is given.
 */
import { assertEquals, assertThrows } from "@std/assert";
import { DeadlineExceededError, LifetimeLimitError, TaskScope } from "@taskscope/taskscope";

let started = 0;
const work = () => void started++;

await TaskScope.run((scope) => {
  // @ts-expect-error: the options, and in them a deadline, are required
  console.log(assertThrows(() => scope.spawnDetached(work), TypeError).message);
  // @ts-expect-error: a name is not a deadline
  assertThrows(() => scope.spawnDetached(work, { name: "audit" }), TypeError);
  // @ts-expect-error: nor is a text
  console.log(assertThrows(() => scope.spawnDetached(work, { deadline: "10m" }), TypeError).message);

  for (const deadline of [NaN, Infinity]) {
    console.log(assertThrows(() => scope.spawnDetached(work, { deadline }), RangeError).message);
  }
  // A budget that is used up is not a mistake of the caller, but too late.
  console.log(assertThrows(() => scope.spawnDetached(work, { deadline: 0 }), DeadlineExceededError).message);
});

// Nor does a host get work that it is going to cut off.
const host = { waitUntil() {}, deadline: new Date(Date.now() + 30_000), source: "the platform's 30 s" };
await TaskScope.run((scope) => {
  const refusal = assertThrows(() => scope.spawnDetached(work, { deadline: { minutes: 10 } }), LifetimeLimitError);
  console.log(refusal.message);
}, { lifetime: host });

assertEquals(started, 0);
