/** Bodies in many small parts: what is kept of them is their bytes, not the buffers they came in. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { processLifetime } from "@taskscope/taskscope";
import { detachRequest, scoped } from "@taskscope/taskscope/http";
import { memoryStore, Operations } from "@taskscope/taskscope/operations";
import { z } from "zod";

type Bytes = Uint8Array<ArrayBuffer>;

const TEXT = "0123456789".repeat(30);

/** A body of single bytes, each of them the first of one and the same buffer. */
function drip(text: string): ReadableStream<Bytes> {
  const buffer = new Uint8Array(65_536);
  let index = 0;
  return new ReadableStream({
    pull(controller) {
      if (index === text.length) return controller.close();
      buffer[0] = text.charCodeAt(index++);
      controller.enqueue(buffer.subarray(0, 1));
    },
  }, { highWaterMark: 0 });
}

function dripping(text = TEXT): Request {
  return new Request("http://localhost/", {
    method: "POST",
    body: drip(text),
    headers: { "content-type": "text/plain" },
  });
}

/** Answers with the length of what it got. */
function service(maxBytes: number): (request: Request) => Promise<Response> {
  const operations = new Operations({ store: memoryStore(), limits: { body: maxBytes } });
  return scoped(async (request, scope) => {
    const routed = await operations.handle(request);
    if (routed) return routed;
    const options = { name: "length", request, deadline: 10_000, input: z.string() };
    return await operations.start(scope, options, (_task, text) => text);
  });
}

Deno.test("the body of a start is kept as its bytes, not as the buffers it came in", async () => {
  const handler = service(TEXT.length);
  const accepted = await handler(dripping());
  const url = `http://localhost${accepted.headers.get("location")}`;
  assertStringIncludes(await (await handler(new Request(`${url}/events`))).text(), `"result":"${TEXT}"`);
  assertEquals((await handler(dripping(`${TEXT}!`))).status, 413);
  await processLifetime().drain({ deadline: 5_000 });
});

Deno.test("detachRequest() keeps the bytes of a body, not the buffers they came in", async () => {
  const { signal } = new AbortController();
  assertEquals(await (await detachRequest(dripping(), signal, { maxBytes: TEXT.length })).text(), TEXT);
  await assertRejects(() => detachRequest(dripping(), signal, { maxBytes: TEXT.length - 1 }), RangeError, "longer");
  // The half of a tee that nobody reads is read ahead, and its other half has buffers of its own.
  const request = dripping();
  const copy = await detachRequest(request, signal, { body: "tee" });
  const parts: string[] = [];
  for await (const part of (request.body as ReadableStream<Bytes>).values()) parts.push(`${part.length}`);
  assertEquals([parts.length, await copy.text()], [TEXT.length, TEXT]);
});

Deno.test("detachRequest() with tee gives the copy what has come so far in one part", async () => {
  const request = dripping();
  const copy = await detachRequest(request, new AbortController().signal, { body: "tee" });
  assertEquals((await request.text()).length, TEXT.length);
  await new Promise((resolve) => setTimeout(resolve, 0));
  const first = await (copy.body as ReadableStream<Bytes>).getReader().read();
  assertEquals(first.value?.length, TEXT.length);
});

Deno.test("a client that sends its body byte by byte does not fill the memory of the server", async () => {
  const PARTS = 4_000;
  const handler = service(1_048_576);
  const before = Deno.memoryUsage();
  const grown = () => (Deno.memoryUsage().external - before.external) / 1_048_576;
  let most = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    let seen = 0;
    const body = request.body?.pipeThrough(
      new TransformStream<Bytes, Bytes>({
        transform(part, controller) {
          if (++seen % 500 === 0) most = Math.max(most, grown());
          controller.enqueue(part);
        },
      }),
    ) ?? null;
    return handler(new Request(request.url, { method: request.method, headers: request.headers, body }));
  });
  const head = "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: text/plain\r\n";
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
  const bytes = new TextEncoder().encode(
    `${head}transfer-encoding: chunked\r\n\r\n${"1\r\na\r\n".repeat(PARTS)}0\r\n\r\n`,
  );
  const writer = connection.writable.getWriter();
  const written = writer.write(bytes);
  const answer = await new Response(connection.readable).text();
  await written;
  assert(answer.startsWith("HTTP/1.1 202"), answer);
  // Each byte comes in a buffer of 64 KiB: kept as they came, they would be 250 MiB.
  assert(most < 100, `${most} MiB`);
  await server.shutdown();
  await processLifetime().drain({ deadline: 5_000 });
});

Deno.test("a body that does not end is not read any longer than its request may take", async () => {
  const canceled = Promise.withResolvers<unknown>();
  const body = new ReadableStream<Bytes>({ cancel: canceled.resolve });
  const operations = new Operations({ store: memoryStore() });
  const handler = scoped((request, scope) => {
    return operations.start(scope, { name: "never", request, deadline: 10_000, input: z.any() }, () => {});
  }, { deadline: 20, grace: 3_600_000 });
  assertEquals((await handler(new Request("http://localhost/", { method: "POST", body }))).status, 504);
  await canceled.promise;
});
