/**
 * `retry` tries again after a failure, with exponential backoff; `hedge` starts a second attempt beside a slow one and
 * takes the first success ("The Tail at Scale"). Each attempt has a scope of its own, and none is left behind. In Go and
 * Kotlin these are libraries (cenkalti/backoff, Resilience4j); gRPC has both in its service config.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { hedge, retry, TaskScope } from "@taskscope/taskscope";

class Busy extends Error {}

let calls = 0;
const fetched = await TaskScope.run((scope) =>
  retry(scope, async (task) => {
    await task.sleep(1);
    if (++calls < 3) throw new Busy("503");
    return `200 at attempt ${calls}`;
  }, { maxAttempts: 5, minTimeout: 10, isRetriable: (error) => error instanceof Busy })
);
console.log(`retry: ${fetched}`);
assertEquals(fetched, "200 at attempt 3");

// The last error surfaces as it is; what is not worth another attempt is not tried again.
calls = 0;
await assertRejects(
  () =>
    TaskScope.run((scope) =>
      retry(scope, () => Promise.reject(new TypeError(`call ${++calls}`)), {
        isRetriable: (error) => error instanceof Busy,
      })
    ),
  TypeError,
  "call 1",
);

const ended: string[] = [];
const answer = await TaskScope.run((scope) =>
  hedge(scope, async (task) => {
    const isFirst = task.name === "attempt-1";
    try {
      await task.sleep(isFirst ? 60_000 : 10); // the first one hit a slow replica
      return task.name;
    } finally {
      ended.push(`${task.name}${task.signal.aborted ? " canceled" : ""}`);
    }
  }, { delay: 20, attempts: 3 })
);
console.log(`hedge: ${answer} won; ${ended.join(", ")}`);
assertEquals([answer, ended], ["attempt-2", ["attempt-2", "attempt-1 canceled"]]);
