import { assertEquals, assertRejects } from "@std/assert";
import { CancelReason, processLifetime } from "@taskscope/taskscope";
import { detachRequest, type DetachRequestOptions, scoped } from "@taskscope/taskscope/http";

const owner = new AbortController();
const post = () => new Request("http://localhost/x?y", { method: "POST", body: "hello", headers: { "x-a": "b" } });
const detach = (request: Request, options?: DetachRequestOptions) => detachRequest(request, owner.signal, options);

Deno.test("detachRequest() gives a request that is readable after the response", async () => {
  const gate = Promise.withResolvers<void>();
  const seen: unknown[] = [];
  const handler = scoped(async (request, scope) => {
    const ready = Promise.withResolvers<void>();
    scope.spawnDetached(async (task) => {
      const copy = await detachRequest(request, task);
      ready.resolve();
      await gate.promise;
      seen.push(new URL(copy.url).search, copy.method, copy.headers.get("x-a"), await copy.text(), copy.signal.aborted);
    }, { deadline: 5_000 });
    await ready.promise;
    return new Response("accepted", { status: 202 });
  });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  const init = { method: "POST", body: "hello", headers: { "x-a": "b" } };
  const response = await fetch(`http://127.0.0.1:${server.addr.port}/?y`, init);
  assertEquals([response.status, await response.text()], [202, "accepted"]);
  await server.shutdown();
  gate.resolve();
  await processLifetime().drain({ deadline: 5_000 });
  assertEquals(seen, ["?y", "POST", "b", "hello", false]);
});

Deno.test("detachRequest() with tee leaves the original readable", async () => {
  const request = post();
  const copy = await detach(request, { body: "tee" });
  assertEquals(await Promise.all([request.text(), copy.text()]), ["hello", "hello"]);
});

Deno.test("detachRequest() says why a body cannot be read", async () => {
  await assertRejects(() => detach(post(), { maxBytes: 4 }), RangeError, "longer than maxBytes, 4");
  const none = await detach(post(), { body: "none" });
  await assertRejects(() => none.text(), TypeError, 'body: "none"');
  const read = post();
  await read.text();
  await assertRejects(() => detach(read), TypeError, "has been read already");
});

Deno.test("detachRequest() follows its owner's signal, not the request's", async () => {
  const [client, task] = [new AbortController(), new AbortController()];
  const copy = await detachRequest(new Request("http://localhost/", { signal: client.signal }), task);
  client.abort();
  assertEquals(copy.signal.aborted, false);
  const reason = new CancelReason("deadline", "x", "late");
  task.abort(reason);
  assertEquals(copy.signal.reason, reason);
});
