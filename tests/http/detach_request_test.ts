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

Deno.test("detachRequest() stops reading the body when its owner is canceled", async () => {
  const canceled = Promise.withResolvers<unknown>();
  for (const mode of ["buffer", "tee"] as const) {
    const task = new AbortController();
    const body = new ReadableStream({ cancel: canceled.resolve });
    const request = new Request("http://localhost/", { method: "POST", body });
    const text = detachRequest(request, task, { body: mode }).then((copy) => copy.text());
    const reason = new CancelReason("deadline", "x", "late");
    task.abort(reason);
    assertEquals(await text.catch((error) => error), reason);
    if (mode === "buffer") assertEquals(await canceled.promise, reason);
  }
});

Deno.test("detachRequest() with tee gives up a body that is too long while nobody reads the copy", async () => {
  for (const size of [4, 10, 1_000]) {
    let isCanceled = false;
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(size)),
      cancel: () => void (isCanceled = true),
    }, { highWaterMark: 0 });
    const request = new Request("http://localhost/", { method: "POST", body });
    const copy = await detach(request, { body: "tee", maxBytes: 10 });
    const original = request.body?.getReader();
    for (let part = 0; part < 20; part++) await original?.read();
    original?.cancel();
    await new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals(isCanceled, true, `${size}`); // the copy has let go of its half: nothing is kept for it
    await assertRejects(() => copy.text(), RangeError, "longer than maxBytes, 10");
  }
});
