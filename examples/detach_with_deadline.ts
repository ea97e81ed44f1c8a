/**
 * Answer at once, and let work go on that the request does not wait for: it outlives its request, but not its deadline.
 * Go: `WithTimeout(WithoutCancel(ctx), 10*time.Minute)` in a goroutine with `defer cancel()`. Kotlin and Trio know it as
 * launching into an application scope, or into a nursery of the application.
 */
import { assert, assertEquals } from "@std/assert";
import { contextKey, processLifetime, TaskScope } from "@taskscope/taskscope";

const TraceId = contextKey<string>("trace-id");
const log: string[] = [];
const request = new AbortController(); // aborts when the client is gone

const answer = await TaskScope.run((scope) => {
  scope.spawnDetached(async (task) => {
    await task.sleep(50);
    return `audit of ${task.get(TraceId)}`;
  }, { deadline: { minutes: 10 }, name: "audit" });

  scope.spawnDetached(async (task) => {
    await task.sleep(20);
    throw new Error(`the partner of ${task.get(TraceId)} is down`);
  }, { deadline: { seconds: 30 }, name: "notify" });

  return "202 started";
}, {
  name: "request",
  signal: request.signal,
  context: [TraceId.with("abc")],
  observer: {
    onSettle: (task, outcome) => {
      if (outcome.state === "succeeded") log.push(`${task.path}: ${outcome.value}`);
    },
    onError: (error, { task }) => log.push(`${task.path}: ${error}`), // nobody awaits it: told here, never silent
  },
});
console.log(answer);
request.abort(); // the client leaves; the request is over, its detached work is not
assertEquals([answer, log.length, processLifetime().pending], ["202 started", 0, 2]);

const report = await processLifetime().drain({ deadline: { seconds: 5 } });
console.log(log.join("\n"));
assert(report.completed === 2 && report.canceled === 0);
assertEquals(log, ["request/notify: Error: the partner of abc is down", "request/audit: audit of abc"]);
