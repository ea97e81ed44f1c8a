/** scoped() behind a real Deno.serve, with real sockets. */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { CancelReason, processLifetime, type TaskScope } from "@taskscope/taskscope";
import {
  currentScope,
  propagate,
  scoped,
  type ScopedHandler,
  type ScopedOptions,
  TraceParent,
} from "@taskscope/taskscope/http";

const request = (init?: RequestInit) => new Request("http://localhost/x", init);

/** Serves a handler, calls `use` with its address, and ends when all is over. */
async function serve(
  handler: ScopedHandler<[Deno.ServeHandlerInfo]>,
  options: ScopedOptions,
  use: (url: string) => Promise<unknown>,
): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, scoped(handler, options));
  try {
    await use(`http://127.0.0.1:${server.addr.port}/x`);
  } finally {
    await server.shutdown();
    await processLifetime().drain({ deadline: 5_000 });
  }
}

/** A task that lasts until it is canceled, and tells why. */
function attach(scope: TaskScope, canceled: PromiseWithResolvers<unknown>): void {
  scope.spawn(() => {
    const { promise, reject } = Promise.withResolvers<never>();
    scope.signal.addEventListener("abort", () => {
      canceled.resolve(scope.signal.reason);
      reject(scope.signal.reason);
    });
    return promise;
  });
}

Deno.test("scoped() cancels attached tasks when the client leaves before the answer; detached ones complete", async () => {
  const [started, canceled, gate] = [0, 1, 2].map(() => Promise.withResolvers<unknown>());
  assert(started && canceled && gate);
  const done: boolean[] = [];
  const errors: unknown[] = [];
  await serve(
    (_request, scope) => {
      scope.spawnDetached(async (task) => {
        await gate.promise;
        done.push(task.signal.aborted);
      }, { deadline: 5_000 });
      attach(scope, canceled);
      started.resolve(undefined);
      return new Promise(() => {});
    },
    { grace: 10, onError: (error) => errors.push(error) },
    async (url) => {
      const leave = new AbortController();
      const call = fetch(url, { signal: leave.signal }).catch(() => {});
      await started.promise;
      leave.abort();
      await call;
      const reason = await canceled.promise;
      assertInstanceOf(reason, CancelReason);
      assertEquals([reason.kind, reason.origin], ["disconnected", "GET /x"]);
      gate.resolve(undefined);
    },
  );
  assertEquals([done, errors], [[false], []]);
});

Deno.test("scoped() cancels attached tasks when the client leaves mid-stream; detached ones complete", async () => {
  const [canceled, gate] = [0, 1].map(() => Promise.withResolvers<unknown>());
  assert(canceled && gate);
  const done: boolean[] = [];
  let sourceCanceled = false;
  await serve(
    (_request, scope) => {
      scope.spawnDetached(async (task) => {
        await gate.promise;
        done.push(task.signal.aborted);
      }, { deadline: 5_000 });
      attach(scope, canceled);
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(8)),
        cancel: () => void (sourceCanceled = true),
      });
      return new Response(body);
    },
    {},
    async (url) => {
      const response = await fetch(url);
      const reader = response.body?.getReader();
      assertEquals((await reader?.read())?.value?.length, 8);
      await reader?.cancel();
      assertEquals((await canceled.promise as CancelReason).kind, "disconnected");
      gate.resolve(undefined);
    },
  );
  assertEquals([done, sourceCanceled], [[false], true]);
});

Deno.test("scoped() takes no delivered answer for a disconnect, streamed or not", async () => {
  const aborted: boolean[] = [];
  const closed = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  await serve(
    ({ url }, scope) => {
      scope.spawnDetached(async (task) => {
        await gate.promise;
        aborted.push(task.signal.aborted, scope.signal.aborted);
      }, { deadline: 5_000 });
      scope.defer(() => closed.resolve());
      const text = ReadableStream.from(["a", "b", "c"]).pipeThrough(new TextEncoderStream());
      return new Response(new URL(url).search ? text : "abc");
    },
    {},
    async (url) => {
      assertEquals(await (await fetch(url)).text(), "abc");
      assertEquals(await (await fetch(`${url}?stream`)).text(), "abc");
      await closed.promise;
      gate.resolve();
    },
  );
  assertEquals(aborted, [false, false, false, false]);
});

Deno.test("scoped() sends a streamed body while the task that writes it runs, and keeps the scope open", async () => {
  let state = "";
  await serve(
    (_request, scope) => {
      const { readable, writable } = new TransformStream<Uint8Array>();
      scope.spawn(async () => {
        const writer = writable.getWriter();
        for (let part = 0; part < 3; part++) {
          await scope.sleep(5);
          state = scope.state;
          await writer.write(new Uint8Array(1_000));
        }
        await writer.close();
      });
      return new Response(readable);
    },
    {},
    async (url) => assertEquals((await (await fetch(url)).arrayBuffer()).byteLength, 3_000),
  );
  assertEquals(state, "open");
});

Deno.test("scoped() asks the source of a streamed body at the client's pace", async () => {
  let pulls = 0;
  const handler = scoped(() =>
    new Response(
      new ReadableStream({
        pull: (controller) => (pulls++, controller.enqueue(new Uint8Array(1))),
      }, { highWaterMark: 0 }),
    )
  );
  const response = await handler(request());
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(pulls, 2);
  await response.body?.cancel();
});

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

Deno.test("scoped() errors a streamed body at its deadline, and hands on the error of its source", async () => {
  const errors: unknown[] = [];
  const late = scoped(() => new Response(new ReadableStream()), {
    deadline: 10,
    onError: (error) => errors.push(error),
  });
  const error = await (await late(request())).text().catch((error) => error);
  assertEquals([error.name, errors], ["TimeoutError", []]);
  const boom = new Error("boom");
  const source = () =>
    new ReadableStream({
      async pull() {
        await new Promise((resolve) => setTimeout(resolve, 5));
        throw boom;
      },
    });
  const broken = scoped(() => new Response(source()), { onError: (error) => errors.push(error) });
  assertEquals(await (await broken(request())).text().catch((error) => error), boom);
  await Promise.resolve();
  assertEquals(errors, [boom]);
});

Deno.test("scoped() keeps status and headers, null bodies and HEAD", async () => {
  const handler = scoped(({ method }) =>
    method === "GET"
      ? new Response(null, { status: 204 })
      : new Response("abc", { headers: { "x-a": "b" }, status: 201 })
  );
  assertEquals((await handler(request())).body, null);
  const head = await handler(request({ method: "HEAD" }));
  assertEquals([head.status, head.headers.get("x-a"), head.body], [201, "b", null]);
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

Deno.test("scoped() has the host wait until the scope has ended, also after a streamed body and a disconnect", async () => {
  const held: Promise<unknown>[] = [];
  const lifetime = { waitUntil: (work: Promise<unknown>) => void held.push(work) };
  const gate = Promise.withResolvers<void>();
  let isOver = false;
  const handler = scoped((_request, scope) => {
    scope.spawn(() => gate.promise);
    const pull = (controller: ReadableStreamDefaultController) =>
      scope.sleep(1).then(() => controller.enqueue(new TextEncoder().encode("abc"))).then(() => controller.close());
    return new Response(new ReadableStream({ pull }));
  }, { lifetime });
  assertEquals(await (await handler(request())).text(), "abc");
  const over = Promise.all(held).then(() => isOver = true);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals([held.length, isOver], [1, false]);
  gate.resolve();
  await over;
  const client = new AbortController();
  const cleanedUp = Promise.withResolvers<void>();
  const left = scoped(async (_request, scope) => {
    scope.defer(() => cleanedUp.promise);
    await scope.sleep(60_000);
    return new Response();
  }, { lifetime })(request({ signal: client.signal }));
  client.abort();
  cleanedUp.resolve();
  assertEquals([(await left).status, held.length, await held[1]], [499, 2, undefined]);
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
