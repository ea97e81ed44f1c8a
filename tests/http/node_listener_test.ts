/** toNodeListener() behind a real server of node:http, with real sockets; tests/http/e2e has it on Node itself. */
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { createServer } from "node:http";
import { connect as connect2, createServer as createServer2 } from "node:http2";
import { CancelReason } from "@taskscope/taskscope";
import { detachRequest, scoped } from "@taskscope/taskscope/http";
import { type NodeContext, type NodeRequest, type NodeResponse, toNodeListener } from "@taskscope/taskscope/node";

type Handler = (request: Request, node: NodeContext) => Response | Promise<Response>;

/** Serves a handler, calls `use` with its port, and ends when all is over. */
async function serve(handler: Handler, use: (port: number, url: string) => Promise<unknown>): Promise<void> {
  const server = createServer(toNodeListener(handler));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  try {
    await use(port, `http://127.0.0.1:${port}/x`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Sends bytes as they are, and reads until the server closes the connection. */
async function raw(port: number, text: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(text));
  let answer = "";
  const buffer = new Uint8Array(65_536);
  for (let length = await connection.read(buffer); length !== null; length = await connection.read(buffer)) {
    answer += new TextDecoder().decode(buffer.subarray(0, length));
  }
  return answer;
}

const lines = (...text: string[]) => `${text.join("\r\n")}\r\n\r\n`;

Deno.test("toNodeListener() makes a Request of what came, and sends the Response as it is", async () => {
  await serve(async (request, { req, res }) => {
    const { method, url, headers } = request;
    const headersOut = new Headers({ "x-a": "b" });
    headersOut.append("set-cookie", "a=1");
    headersOut.append("set-cookie", "b=2");
    const text = JSON.stringify([method, new URL(url).search, headers.get("x-c"), await request.text(), !!req, !!res]);
    return new Response(text, { status: 201, headers: headersOut });
  }, async (_port, url) => {
    const response = await fetch(`${url}?q`, { method: "POST", body: "hello", headers: { "x-c": "d" } });
    assertEquals(await response.json(), ["POST", "?q", "d", "hello", true, true]);
    const { status, headers } = response;
    assertEquals([status, headers.get("x-a"), headers.getSetCookie()], [201, "b", ["a=1", "b=2"]]);
  });
});

Deno.test("toNodeListener() takes the host from its header and from nowhere else", async () => {
  const close = "Connection: close";
  await serve(({ url }) => new Response(url), async (port) => {
    const ask = async (target: string, ...headers: string[]) =>
      (await raw(port, lines(`GET ${target} HTTP/1.1`, ...headers, close))).split("\r\n\r\n")[1] ?? "";
    assertStringIncludes(await ask("//evil.com/x", "Host: a.b:81"), "http://a.b:81//evil.com/x");
    assertStringIncludes(await ask("/x", "Host: a.b", "X-Forwarded-Host: evil.com"), "http://a.b/x");
    assertStringIncludes(await ask("http://c.d/x", "Host: a.b"), "http://c.d/x");
    assertStringIncludes(await ask("/x", "Host: a b"), "Bad Request");
  });
});

Deno.test("toNodeListener() refuses a host that would rewrite the path, the query or the user", async () => {
  const close = "Connection: close";
  await serve(({ url }) => new Response(url), async (port) => {
    for (const host of ["a/admin?", "a/admin#", "a\\admin?", "a?", "user:pw@a", "@a", "a:99999"]) {
      const answer = await raw(port, lines("GET /public HTTP/1.1", `Host: ${host}`, close));
      assertStringIncludes(answer, "HTTP/1.1 400 ", host);
      assert(answer.endsWith("Bad Request"), answer);
    }
    const answer = await raw(port, lines("GET /public HTTP/1.1", "Host: [::1]:81", close));
    assertStringIncludes(answer, "http://[::1]:81/public");
  });
});

Deno.test("toNodeListener() aborts the signal when an HTTP/2 stream is reset before the answer", async () => {
  const [started, aborted] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()];
  const server = createServer2(toNodeListener(({ signal }) => {
    signal.addEventListener("abort", () => aborted.resolve(signal.reason));
    started.resolve();
    return new Promise(() => {});
  }) as never); // @types/node has no flushHeaders there
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const session = connect2(`http://127.0.0.1:${(server.address() as { port: number }).port}`);
  const stream = session.request({ ":path": "/x" });
  const closed = new Promise((resolve) => stream.on("close", resolve));
  stream.on("error", () => {});
  await started.promise;
  stream.close(8); // CANCEL
  const reason = await aborted.promise;
  assertInstanceOf(reason, CancelReason);
  assertEquals(reason.kind, "disconnected");
  await closed;
  await new Promise<void>((resolve) => session.close(resolve));
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("toNodeListener() leaves out the body for HEAD and 204, and cancels it", async () => {
  let canceled = 0;
  await serve(({ method }) => {
    if (method === "GET") return new Response(null, { status: 204 });
    return new Response(new ReadableStream({ cancel: () => void canceled++ }), { headers: { "x-a": "b" } });
  }, async (_port, url) => {
    const head = await fetch(url, { method: "HEAD" });
    assertEquals([head.headers.get("x-a"), await head.text(), canceled], ["b", "", 1]);
    const none = await fetch(url);
    assertEquals([none.status, await none.text()], [204, ""]);
  });
});

Deno.test("toNodeListener() aborts the signal and cancels the body when the client leaves, and only then", async () => {
  const signals: AbortSignal[] = [];
  const canceled = Promise.withResolvers<unknown>();
  await serve(({ url, signal }) => {
    signals.push(signal);
    if (url.endsWith("x")) return new Response("abc");
    const start = (controller: ReadableStreamDefaultController) => controller.enqueue(new Uint8Array(8));
    return new Response(new ReadableStream({ start, cancel: canceled.resolve }));
  }, async (_port, url) => {
    assertEquals(await (await fetch(url)).text(), "abc");
    const client = new AbortController();
    const response = await fetch(`${url}/endless`, { signal: client.signal });
    await response.body?.getReader().read();
    client.abort();
    const reason = await canceled.promise;
    assert(reason instanceof CancelReason && reason.kind === "disconnected");
    assertEquals(signals.map(({ aborted }) => aborted), [false, true]);
  });
});

Deno.test("toNodeListener() cuts off a response whose body fails, and answers 500 to a handler that does", async () => {
  const log: unknown[][] = [];
  const { error } = console;
  console.error = (...args) => void log.push(args);
  const boom = new Error("boom");
  try {
    await serve(({ url }) => {
      if (url.endsWith("x")) return Promise.reject(boom);
      let part = 0;
      const pull = (controller: ReadableStreamDefaultController) =>
        part++ < 2 ? controller.enqueue(new Uint8Array(8)) : controller.error(boom);
      return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
    }, async (_port, url) => {
      const failed = await fetch(url);
      assertEquals([failed.status, await failed.text()], [500, "Internal Server Error"]);
      await assertRejects(async () => await (await fetch(`${url}/y`)).text());
    });
  } finally {
    console.error = error;
  }
  assertEquals(log, [["TaskScope: a request failed:", boom]]);
});

Deno.test("toNodeListener() drops a body that is not read to its end, and says so to who reads it too late", async () => {
  let late: Request | undefined;
  const owner = new AbortController();
  await serve(async (request) => {
    if (request.url.endsWith("x")) await detachRequest(request, owner, { maxBytes: 5 }).catch(() => {});
    else late = request;
    return new Response("too large", { status: 413 });
  }, async (_port, url) => {
    const init = { method: "POST", body: "x".repeat(100_000) };
    for (let call = 0; call < 3; call++) {
      assertEquals(await (await fetch(url, init)).text(), "too large");
      assertEquals(await (await fetch(`${url}/y`, init)).text(), "too large");
    }
    await assertRejects(async () => await late?.text(), TypeError, "Cannot read the body of the request");
  });
});

Deno.test("toNodeListener() fails the body of a client that leaves in its midst", async () => {
  const failure = Promise.withResolvers<unknown>();
  await serve(async (request) => {
    await request.text().catch(failure.resolve);
    return new Response();
  }, async (port) => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const head = lines("POST /x HTTP/1.1", "Host: a", "Content-Length: 100");
    await connection.write(new TextEncoder().encode(`${head}abc`));
    connection.close();
    const error = await failure.promise;
    assert(error instanceof TypeError, `${error}`);
    assertStringIncludes(error.message, "the client disconnected before it was complete");
  });
});

Deno.test("toNodeListener() with scoped(): arguments are typed, and a disconnect cancels", async () => {
  const [started, reason] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()];
  const handler = scoped(async (_request, scope, { req }: NodeContext) => {
    scope.defer(() => reason.resolve([req.method, scope.tree().reason?.kind]));
    started.resolve();
    await scope.sleep(60_000);
    return new Response();
  });
  await serve(handler, async (_port, url) => {
    const client = new AbortController();
    const call = fetch(url, { signal: client.signal }).catch(() => {});
    await started.promise;
    client.abort();
    await call;
    assertEquals(await reason.promise, ["GET", "disconnected"]);
  });
});

Deno.test("toNodeListener() refuses what is no function, and methods that Request does not take", () => {
  assertThrows(() => toNodeListener(5 as never), TypeError, "Cannot make a listener");
  const sent: unknown[] = [];
  const req = { method: "TRACE", url: "/", rawHeaders: [], socket: {}, complete: true, destroyed: false, on() {} };
  const res = {
    statusCode: 0,
    on() {},
    setHeader() {},
    getHeaderNames: () => [],
    end: (text: string) => sent.push(res.statusCode, text),
  };
  toNodeListener(() => new Response())(req as unknown as NodeRequest, res as unknown as NodeResponse);
  assertEquals(sent, [400, "Bad Request"]);
});
