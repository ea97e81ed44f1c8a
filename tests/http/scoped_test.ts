import { assert, assertEquals } from "@std/assert";
import { CancelReason, processLifetime } from "@taskscope/taskscope";
import { currentScope, propagate, scoped, type ScopedHandler, TraceParent } from "@taskscope/taskscope/http";

const request = (init?: RequestInit) => new Request("http://localhost/x", init);

Deno.test("scoped() waits for attached tasks before a complete answer: their failure is the answer", async () => {
  const errors: unknown[] = [];
  const secret = new Error("the password is 1234");
  const handler = scoped((_request, scope) => {
    scope.spawn(() => scope.sleep(5).then(() => Promise.reject(secret)));
    return new Response("ok");
  }, { onError: (error) => errors.push(error) });
  const response = await handler(request());
  assertEquals([response.status, await response.text()], [500, "Internal Server Error"]);
  assertEquals(errors, [secret]);
});

Deno.test("scoped() maps its own deadline to 504, an inner one to 500, a thrown Response to itself", async () => {
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const late = scoped((_request, scope) => scope.sleep(60_000).then(() => new Response()), { deadline: 5, onError });
  assertEquals((await late(request())).status, 504);
  assertEquals(errors, []);
  const inner = scoped(
    (_request, scope) => scope.spawn((task) => task.sleep(60_000), { deadline: 5 }).then(() => new Response()),
    { onError },
  );
  assertEquals((await inner(request())).status, 500);
  assertEquals(errors.length, 1);
  const thrown = scoped(() => Promise.reject(new Response("no", { status: 403 })), { onError });
  assertEquals(await (await thrown(request())).text(), "no");
  assertEquals(errors.length, 1);
});

Deno.test("scoped() takes the lifetime from the arguments, and tells it of the end", async () => {
  const calls: string[] = [];
  const ctx = { waitUntil: () => calls.push("waitUntil"), responseEnded: () => calls.push("responseEnded") };
  const handler = scoped((_request, scope, _env: object, _ctx: typeof ctx) => {
    scope.spawnDetached(() => {}, { deadline: 1_000 });
    return new Response("ok");
  });
  await (await handler(request(), {}, ctx)).text();
  await Promise.resolve();
  assertEquals(calls, ["waitUntil", "waitUntil", "responseEnded"]); // the request itself, its detached task
});

Deno.test("scoped() cancels what runs when the host is about to end, and answers 503", async () => {
  const closing = new AbortController();
  const errors: unknown[] = [];
  const lifetime = { waitUntil() {}, closing: closing.signal };
  const started = Promise.withResolvers<void>();
  const handler = scoped(async (_request, scope) => {
    started.resolve();
    await scope.sleep(60_000);
    return new Response();
  }, { lifetime, onError: (error) => errors.push(error) });
  const answer = handler(request());
  await started.promise;
  closing.abort(new CancelReason("shutdown", "host", "The host is about to end"));
  assertEquals([(await answer).status, (await handler(request())).status, errors], [503, 503, []]);
});

Deno.test("scoped() takes the earlier of its deadline and the caller's, and ignores hostile headers", async () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const handler = scoped((_request, scope) => {
    return Response.json([scope.remaining(), scope.get(TraceParent)?.parentId, [...propagate(scope)]]);
  }, { deadline: 5_000, deadlineHeader: "x-left" });
  const call = async (headers: HeadersInit) => (await handler(request({ headers }))).json();
  const [remaining, parentId, out] = await call({ "x-left": "900", traceparent });
  assert(remaining <= 900 && remaining > 500);
  assertEquals([parentId, new Headers(out).get("traceparent")], ["b7ad6b7169203331", traceparent]);
  assert(Number(new Headers(out).get("x-left")) <= 900);
  for (const hostile of ["-1", "1e9", "NaN", "Infinity", "", "0x10", "9".repeat(500), "99999999999"]) {
    const [remaining] = await call({ "x-left": hostile });
    assert(remaining > 4_000 && remaining <= 5_000, hostile);
  }
  assertEquals((await handler(request({ headers: { "x-left": "0" } }))).status, 504);
});

Deno.test("scoped() takes the earliest of a deadline header that came more than once", async () => {
  const handler = scoped((_request, scope) => Response.json(scope.remaining()), { deadlineHeader: "x-left" });
  for (const value of ["9000, 500", "500,9000", "-1, 500", "500, 1e9"]) {
    const remaining = await (await handler(request({ headers: { "x-left": value } }))).json();
    assert(remaining <= 500 && remaining > 300, `${value}: ${remaining}`);
  }
});

Deno.test("propagate() keeps a traceparent that the caller has set", async () => {
  const trace = "00-0af7651916cd43dd8448eb211c80319c";
  const own = `${trace}-2222222222222222-01`;
  const handler = scoped((_request, scope) => new Response(propagate(scope, { traceparent: own }).get("traceparent")));
  const headers = { traceparent: `${trace}-b7ad6b7169203331-01` };
  assertEquals(await (await handler(request({ headers }))).text(), own);
});

Deno.test("currentScope() is the request's own, also in its tasks, and undefined without the option", async () => {
  const seen: unknown[] = [];
  const handle: ScopedHandler<[]> = async (_request, scope) => {
    await scope.sleep(1);
    seen.push(currentScope() === scope, await scope.spawn(() => currentScope() === scope));
    return new Response();
  };
  const on = scoped(handle, { currentScope: true });
  await Promise.all([on(request()), on(request())]);
  assertEquals([seen.splice(0), currentScope()], [[true, true, true, true], undefined]);
  await scoped(handle)(request());
  assertEquals(seen, [false, false]);
});

Deno.test("currentScope() is the request's also where errors are told: of the request, and of its detached work", async () => {
  const told: string[] = [];
  const tell = (error: unknown) => void told.push(`${currentScope()?.get(TraceParent)?.traceId} ${error}`);
  const handler = scoped((_request, scope) => {
    scope.spawnDetached(() => Promise.reject(new Error("mail")), { deadline: 1_000 });
    throw new Error("request");
  }, { currentScope: true, onError: tell, observer: { onError: tell } });
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  await handler(request({ headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` } }));
  await processLifetime().drain({ deadline: 1_000 });
  assertEquals(told, [`${traceId} Error: request`, `${traceId} Error: mail`]);
});
