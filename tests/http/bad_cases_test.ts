/** What goes wrong is said where it happens: what was attempted, why, and what to do. */
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { LifetimeLimitError, LifetimeUnavailableError, ScopeClosedError, type TaskScope } from "@taskscope/taskscope";
import { detachRequest, scoped, type ScopedHandler, type ScopedOptions } from "@taskscope/taskscope/http";

const get = () => new Request("http://localhost/x");
const post = () => new Request("http://localhost/x", { method: "POST", body: "hello" });

/** What a handler throws, as the client and as `onError` see it. */
async function failing(handler: (...args: never[]) => unknown, options: ScopedOptions = {}) {
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const handle = scoped(handler as ScopedHandler<[]>, { ...options, onError });
  const response = await handle(get());
  return { status: response.status, text: await response.text(), errors };
}

/** Has `globalThis` look like another host while `use` runs. */
async function on(globals: Record<string, unknown>, use: () => Promise<void>): Promise<void> {
  const saved = Object.keys(globals).map((key) => [key, Object.getOwnPropertyDescriptor(globalThis, key)] as const);
  for (const [key, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, key, { value, configurable: true });
  }
  try {
    await use();
  } finally {
    for (const [key, descriptor] of saved) {
      if (descriptor) Object.defineProperty(globalThis, key, descriptor);
      else Reflect.deleteProperty(globalThis, key);
    }
  }
}

const workerd = { navigator: { userAgent: "Cloudflare-Workers" } };

Deno.test("no lifetime: requests are answered, a detached task is refused with what to pass", async () => {
  await on(workerd, async () => {
    let error: unknown;
    const handler = scoped((_request, scope) => {
      error = assertThrows(() => scope.spawnDetached(() => {}, { deadline: 1_000 }));
      return new Response("answered");
    });
    assertEquals(await (await handler(get())).text(), "answered");
    assertInstanceOf(error, LifetimeUnavailableError);
    assertStringIncludes(error.message, "pass the handler's ctx");
  });
});

Deno.test("a deadline over the limit: refused before the start, with requested, available and source", async () => {
  await on(workerd, async () => {
    const ctx = { waitUntil() {}, passThroughOnException() {} };
    let isStarted = false;
    const handler = scoped((_request, scope, _env: object, _ctx: typeof ctx) => {
      const detach = () => scope.spawnDetached(() => void (isStarted = true), { deadline: { minutes: 10 } });
      const error = assertThrows(detach, LifetimeLimitError);
      const { message, requested, available, source } = error;
      return Response.json({ message, requested, available, source });
    });
    const { message, requested, available, source } = await (await handler(get(), {}, ctx)).json();
    assertEquals([requested, isStarted], [600_000, false]);
    assert(available >= 29_000 && available < 30_000, `${available}`); // a second is kept for the cleanup
    assertStringIncludes(source, "cloudflare (http: 30000 ms from response end; developers.cloudflare.com/workers/");
    const text =
      `it asks for 600000 ms, ${source} leaves ${available} ms. Ask for less, or hand off a task of defineTask`;
    assertEquals(message, `Cannot spawn a detached task: ${text}`);
  });
});

Deno.test("a detached task after the end of the request: refused, the scope is closed", async () => {
  let late: TaskScope | undefined;
  await scoped((_request, scope) => {
    late = scope;
    return new Response();
  })(get());
  const error = assertThrows(() => late?.spawnDetached(() => {}, { deadline: 1_000 }), ScopeClosedError);
  assertEquals(error.message, 'Cannot spawn a detached task: the scope "GET /x" is closed. Do it before it ends');
});

Deno.test("waitUntil after the end of the event: refused with what the host said", async () => {
  let isActive = true;
  const event = {
    request: get(),
    waitUntil() {
      if (!isActive) throw new DOMException("The event is not active", "InvalidStateError");
    },
  };
  const handler = scoped((_request, scope, _event: typeof event) => {
    isActive = false;
    const error = assertThrows(() => scope.spawnDetached(() => {}, { deadline: 1_000 }), LifetimeUnavailableError);
    assertStringIncludes(error.message, "Cannot spawn a detached task: waitUntil threw (");
    const { message, cause } = error.cause as Error;
    assertStringIncludes(message, "call it while the handler runs");
    assertStringIncludes(error.message, message);
    return new Response((cause as Error).name);
  });
  assertEquals(await (await handler(get(), event)).text(), "InvalidStateError");
});

Deno.test("a body read twice: the copy is refused, as is a response whose body is gone", async () => {
  const request = post();
  const owner = new AbortController();
  await detachRequest(request, owner);
  const again = 'its body has been read already: POST http://localhost/x; detach it first, or with body: "tee"';
  await assertRejects(() => detachRequest(request, owner), TypeError, again);
  const locked = post();
  locked.body?.getReader();
  await assertRejects(() => detachRequest(locked, owner), TypeError, again);
  const used = await failing(async () => {
    const response = new Response("abc");
    await response.text();
    return response;
  });
  assertEquals([used.status, used.text], [500, "Internal Server Error"]);
  assertInstanceOf(used.errors[0], TypeError);
  const message = 'Cannot answer "GET /x": the body of the response has been read already';
  assertStringIncludes(used.errors[0].message, message);
  const locking = new Response("abc");
  locking.body?.getReader();
  const thrown = await failing(() => Promise.reject(locking));
  assertEquals([thrown.status, thrown.text, thrown.errors.length], [500, "Internal Server Error", 1]);
  assertStringIncludes((thrown.errors[0] as Error).message, message);
});

Deno.test("detachRequest() names an owner or a request that is none", async () => {
  const owner = new AbortController();
  for (const wrong of [undefined, null, 5, "x"]) {
    const noOwner = "Cannot detach a request: its owner must be a scope or an AbortSignal, got";
    await assertRejects(() => detachRequest(get(), wrong as never), TypeError, noOwner);
    const noRequest = "Cannot detach a request: a Request is needed, got";
    await assertRejects(() => detachRequest(wrong as never, owner), TypeError, noRequest);
  }
  await assertRejects(() => detachRequest(get(), {} as never), TypeError, "must be an AbortSignal");
  await assertRejects(() => detachRequest({} as never, owner), TypeError, "a Request is needed");
});

Deno.test("a detached body of mode none, or over maxBytes: reading it says so", async () => {
  const owner = new AbortController();
  const none = await detachRequest(post(), owner, { body: "none" });
  await assertRejects(() => none.text(), TypeError, 'the request was detached with body: "none"');
  const over = "Cannot detach a request: its body is longer than maxBytes, 4";
  await assertRejects(() => detachRequest(post(), owner, { maxBytes: 4 }), RangeError, over);
  const tee = await detachRequest(post(), owner, { body: "tee", maxBytes: 4 });
  await assertRejects(() => tee.text(), RangeError, over);
});

Deno.test("a handler that returns a thenable is awaited; one that returns no Response fails with a clear error", async () => {
  const thenable: PromiseLike<Response> = {
    then: (resolve) => Promise.resolve(resolve?.(new Response("from a thenable"))) as never,
  };
  assertEquals(await (await scoped(() => thenable)(get())).text(), "from a thenable");
  for (const wrong of [undefined, null, "text", 5, {}, { status: 200 }, Promise.resolve("text")]) {
    const { status, text, errors } = await failing(() => wrong);
    assertEquals([status, text, errors.length], [500, "Internal Server Error", 1]);
    assertInstanceOf(errors[0], TypeError);
    assertStringIncludes(errors[0].message, 'Cannot answer "GET /x": the handler must return a Response');
  }
});

Deno.test("scoped() refuses wrong options when it is called", () => {
  const handler = () => new Response();
  assertThrows(() => scoped(5 as never), TypeError, "Cannot make a scoped handler");
  const wrong = [{ timeout: 5 }, { name: 5 }, { onError: 5 }, { deadline: "5 s" }, { deadlineHeader: "a b" }];
  for (const options of wrong) assertThrows(() => scoped(handler, options as never), TypeError);
  assertThrows(() => scoped(handler, { deadline: NaN }), RangeError, "Cannot make a scoped handler");
});

Deno.test("a lifetime that throws when it is told of the end is reported, and the request is answered", async () => {
  const boom = new Error("boom");
  const lifetime = {
    waitUntil() {},
    responseEnded() {
      throw boom;
    },
  };
  const { status, errors } = await failing(() => new Response(), { lifetime });
  await Promise.resolve();
  assertEquals([status, errors], [200, [boom]]);
});

Deno.test("a mistake in the options of one request, or a throwing onError, is reported and answers 500", async () => {
  const boom = new Error("boom");
  const named = await failing(() => new Response(), {
    name() {
      throw boom;
    },
  });
  assertEquals([named.status, named.errors], [500, [boom]]);
  const log: unknown[][] = [];
  const { error } = console;
  console.error = (...args) => void log.push(args);
  try {
    const handler = scoped(() => Promise.reject(boom), {
      onError() {
        throw new Error("onError");
      },
    });
    assertEquals((await handler(get())).status, 500);
    assertEquals((await scoped(() => Promise.reject(boom))(get())).status, 500);
  } finally {
    console.error = error;
  }
  assertEquals(log.map(([text]) => text), ["TaskScope: onError failed:", "TaskScope: a request failed:"]);
});

Deno.test("where a disconnect cannot be known, the scope's tree says so", async () => {
  const noted = async (request: Request) => {
    const handler = scoped((_request, scope) => Response.json(scope.tree()));
    return (await (await handler(request)).json()).note;
  };
  const flags = (enable_request_signal: boolean) => ({ Cloudflare: { compatibilityFlags: { enable_request_signal } } });
  const prefix = "client disconnect is not observable here: ";
  assertEquals(await noted(get()), undefined);
  await on({ ...workerd, ...flags(true) }, async () => assertEquals(await noted(get()), undefined));
  await on({ ...workerd, ...flags(false) }, async () => {
    assertStringIncludes(await noted(get()), `${prefix}the Worker has not set the compatibility flag`);
  });
  await on(
    { EdgeRuntime: "edge-runtime" },
    async () => assertStringIncludes(await noted(get()), `${prefix}request.signal`),
  );
  const silent = new Proxy(get(), {
    get: (target, key) => key === "signal" ? undefined : Reflect.get(target, key, target),
  });
  assertStringIncludes(await noted(silent), `${prefix}the host gives the request no signal`);
});

Deno.test("a Host header that makes the address no URL is answered 400, and is no failure of the server", async () => {
  const errors: unknown[] = [];
  let calls = 0;
  const handler = scoped((request) => {
    calls++;
    return new Response(new URL(request.url).pathname);
  }, { onError: (error) => errors.push(error) });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  const status = async (host: string) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
    const text = `GET /x HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`;
    await connection.write(new TextEncoder().encode(text));
    return (await new Response(connection.readable).text()).slice(9, 12);
  };
  const hosts = ["a b", "[::1", "[::1%25lo]", "x:99999"];
  assertEquals(await Promise.all(hosts.map(status)), hosts.map(() => "400"));
  assertEquals([await status("localhost"), calls, errors], ["200", 1, []]);
  await server.shutdown();
});

// Bun gives no more than the path of a request without a Host header, as HTTP/1.0 has it: checks of health are such.
Deno.test("a request whose address is only a path is one to localhost, as Deno and Node have it", async () => {
  const handler = scoped(async (request, scope) => {
    return new Response([scope.name, request.url, await request.text()].join(" "));
  });
  const asked = async (url: string, host = "") => {
    const request = new Request("http://localhost/", { method: "POST", body: "abc", headers: { host } });
    const answer = await handler(Object.defineProperty(request, "url", { value: url }));
    return [answer.status, await answer.text()];
  };
  assertEquals(await asked("/x?y"), [200, "POST /x http://localhost/x?y abc"]);
  assertEquals(await asked("//other/x"), [200, "POST //other/x http://localhost//other/x abc"]);
  assertEquals(await asked("x"), [400, "Bad Request"]);
  assertEquals(await asked("/x", "a b"), [400, "Bad Request"]); // as Bun has it with such a header
});
