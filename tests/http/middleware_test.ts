/** scopedMiddleware() in Hono itself. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Hono } from "hono";
import { processLifetime, type TaskScope } from "@taskscope/taskscope";
import { scopedMiddleware, type ScopedOptions } from "@taskscope/taskscope/http";

type App = Hono<{ Variables: { scope: TaskScope } }>;

function appWith(options: ScopedOptions = {}): { app: App; errors: unknown[] } {
  const errors: unknown[] = [];
  const app: App = new Hono();
  app.use(scopedMiddleware({ onError: (error) => errors.push(error), ...options }));
  return { app, errors };
}

Deno.test("scopedMiddleware() gives each handler the scope of its request", async () => {
  const { app, errors } = appWith();
  app.get("/:id", (c) => {
    c.header("x-a", "b");
    c.header("set-cookie", "a=1");
    return c.text(`${c.get("scope").name} ${c.req.param("id")}`, 201);
  });
  const response = await app.request("/5");
  const { status, headers } = response;
  assertEquals([status, headers.get("x-a"), headers.getSetCookie()], [201, "b", ["a=1"]]);
  assertEquals(await response.text(), "GET /5 5");
  assertEquals([(await app.request("/a/b")).status, errors], [404, []]);
});

Deno.test("scopedMiddleware() leaves the answer to errors to the framework, and cancels what the handler began", async () => {
  const { app, errors } = appWith();
  const boom = new Error("boom");
  let canceled = "";
  app.get("/handler", (c) => {
    const scope = c.get("scope");
    scope.spawn((task) => task.sleep(60_000), { name: "attached" });
    scope.defer(() => canceled = scope.tree().reason?.kind ?? "");
    throw boom;
  });
  app.get("/task", async (c) => c.text(await c.get("scope").spawn(() => Promise.reject(boom))));
  app.onError((error, c) => c.text(`handled ${error.message}`, 502));
  for (const path of ["/handler", "/task"]) {
    const response = await app.request(path);
    assertEquals([response.status, await response.text()], [502, "handled boom"]);
  }
  assertEquals([canceled, errors], ["body-failed", []]);
});

Deno.test("scopedMiddleware() reports what the framework has not seen", async () => {
  const { app, errors } = appWith();
  const [first, second] = [new Error("first"), new Error("second")];
  app.get("/unseen", (c) => {
    c.get("scope").spawn(() => Promise.reject(first));
    return c.text("ok");
  });
  app.get("/both", async (c) => {
    await c.get("scope").spawn(() => Promise.reject(first)).catch(() => {});
    throw second;
  });
  app.onError((error, c) => c.text(error.message, 502));
  assertEquals((await app.request("/unseen")).status, 500);
  const both = await app.request("/both");
  assertEquals([both.status, await both.text(), errors], [502, "second", [first, first]]);
});

Deno.test("scopedMiddleware() answers 504 to its deadline, 499 to a disconnect, whatever the framework says", async () => {
  const { app, errors } = appWith({ deadline: 20 });
  app.get("/", async (c) => {
    await c.get("scope").sleep(60_000);
    return c.text("late");
  });
  app.onError((_error, c) => c.text("handled", 502));
  assertEquals((await app.request("/")).status, 504);
  const client = new AbortController();
  const call = app.request(new Request("http://localhost/", { signal: client.signal }));
  client.abort();
  assertEquals([(await call).status, errors], [499, []]);
});

Deno.test("scopedMiddleware() keeps the scope open for a streamed body, and finds the lifetime in the context", async () => {
  const { app } = appWith();
  const held: Promise<unknown>[] = [];
  let state = "";
  app.get("/", (c) => {
    const scope = c.get("scope");
    scope.spawnDetached(() => {}, { deadline: 1_000 });
    const { readable, writable } = new TransformStream<Uint8Array>();
    scope.spawn(async (task) => {
      const writer = writable.getWriter();
      await task.sleep(5);
      state = scope.state;
      await writer.write(new TextEncoder().encode("abc"));
      await writer.close();
    });
    return c.body(readable);
  });
  const ctx = { waitUntil: (work: Promise<unknown>) => void held.push(work), passThroughOnException() {} };
  const response = await app.request("/", {}, {}, ctx as never);
  assertEquals([await response.text(), state, held.length], ["abc", "open", 2]);
  await Promise.all(held);
  assertEquals(processLifetime().pending, 0);
});

Deno.test("scopedMiddleware() refuses wrong options when it is called", () => {
  assert(scopedMiddleware() instanceof Function);
  assertThrows(() => scopedMiddleware({ timeout: 5 } as never), TypeError, "timeout");
});
