/**
 * Work that ends early frees everything at once: the timer of its 10 minutes, and its place under a long-lived signal.
 * Go: `defer cancel()`, written by hand at every `WithTimeout`; here it is what the end of a scope does. Values stay
 * readable, and the signal of work that ended well never aborts.
 */
import process from "node:process";
import { assertEquals } from "@std/assert";
import { contextKey, TaskScope } from "@taskscope/taskscope";

const TraceId = contextKey<string>("trace-id");
const forTheProcess = new AbortController(); // lives as long as the process
const ended: TaskScope[] = [];

/** How many timers wait in this process. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
}

let most = 0;
for (let id = 0; id < 1_000; id++) {
  await TaskScope.run((scope) => {
    scope.spawn(() => Promise.resolve(id), { deadline: { minutes: 5 } });
    most = Math.max(most, timers());
    ended.push(scope);
  }, { deadline: { minutes: 10 }, signal: forTheProcess.signal, context: [TraceId.with(`trace-${id}`)] });
}
console.log(
  `${ended.length} requests, each with a deadline in 10 minutes; timers: ${most} while one ran, ${timers()} now`,
);
assertEquals([most, timers()], [1, 0]);

// Nothing links them to the signal either: its abort does not reach those that have ended.
forTheProcess.abort();
const last = ended.at(-1);
console.log(`${last?.get(TraceId)}: ${last?.state}, signal aborted: ${last?.signal.aborted}`);
assertEquals([last?.get(TraceId), last?.state, last?.signal.aborted], ["trace-999", "closed", false]);

// The last proof: this process ends now, and not in 10 minutes.
