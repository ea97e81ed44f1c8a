/** Complete bodies and streamed ones. */
import { assertEquals, assertRejects } from "@std/assert";
import { scoped } from "@taskscope/taskscope/http";
import { serve } from "./serve.ts";

const request = (init?: RequestInit) => new Request("http://localhost/x", init);

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

Deno.test("scoped() gives HEAD the length of a complete body, and leaves one that is given", async () => {
  const lengthOf = async (response: Response) =>
    (await scoped(() => response)(request({ method: "HEAD" }))).headers.get("content-length");
  assertEquals(await lengthOf(new Response("abc")), "3");
  assertEquals(await lengthOf(new Response("abc", { headers: { "content-length": "5" } })), "5");
  assertEquals(await lengthOf(new Response(new ReadableStream())), null);
});

Deno.test("scoped() never makes an empty answer of a chunk that is no Uint8Array: the platform refuses it", async () => {
  for (const chunk of ["hello", new ArrayBuffer(3), 5]) {
    const start = (controller: ReadableStreamDefaultController) => {
      controller.enqueue(chunk);
      controller.close();
    };
    const response = await scoped(() => new Response(new ReadableStream({ start })))(request());
    await assertRejects(() => response.arrayBuffer(), TypeError);
  }
});

Deno.test("scoped() answers 504 to a stream that comes after the deadline, and cancels it", async () => {
  const canceled = Promise.withResolvers<Error>();
  const handler = scoped(async (_request, scope) => {
    await scope.sleep(60_000).catch(() => {});
    return new Response(new ReadableStream({ cancel: canceled.resolve }));
  }, { deadline: 5 });
  assertEquals((await handler(request())).status, 504);
  assertEquals((await canceled.promise).name, "TimeoutError");
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
