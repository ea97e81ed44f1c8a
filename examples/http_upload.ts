/**
 * A handler that answers 202 at once and works on with a copy of the request. Go: `gin.Context.Copy()` and
 * `Request.Clone(context.WithoutCancel(ctx))` in a goroutine.
 */
import { assertEquals } from "@std/assert";
import { processLifetime } from "@taskscope/taskscope";
import { detachRequest, scoped } from "@taskscope/taskscope/http";

const stored: string[] = [];

const handler = scoped(async (request, scope) => {
  const ready = Promise.withResolvers<void>();
  scope.spawnDetached(async (task) => {
    const copy = await detachRequest(request, task, { maxBytes: 1_000 }).finally(ready.resolve);
    await task.sleep(20); // the client has its answer by now
    stored.push(`${copy.headers.get("x-name")}: ${await copy.text()}`);
  }, { deadline: { minutes: 10 }, name: "store" });
  await ready.promise; // the body has to be read before the answer
  return new Response("accepted", { status: 202 });
}, { deadline: { seconds: 5 } });

const answer = await handler(
  new Request("http://localhost/upload", { method: "POST", body: "hello", headers: { "x-name": "a.txt" } }),
);
console.log(`answered ${answer.status}, stored so far: ${stored.length}`);
assertEquals([answer.status, stored.length], [202, 0]);

await processLifetime().drain({ deadline: { seconds: 10 } });
console.log(`stored: ${stored}`);
assertEquals(stored, ["a.txt: hello"]);
