/** How operations are followed. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Operation } from "@taskscope/taskscope/operations";
import { App } from "./app.ts";

const untilCanceled = (task: { sleep(ms: number): Promise<void> }) => task.sleep(600_000);
const events = (text: string) => text.split("\n\n").filter(Boolean);

Deno.test("events tell the whole operation at each change, with its revision as id, and end with it", async () => {
  const gate = Promise.withResolvers<void>();
  const app = new App({
    limits: { progressInterval: 0 },
    work: (_task, _input, progress) => gate.promise.then(() => progress(0.5)),
  });
  const { links } = await app.start();
  const response = await app.fetch("GET", links.events);
  assertEquals(response.headers.get("content-type"), "text/event-stream");
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const first = (await reader?.read())?.value ?? "";
  gate.resolve();
  let text = first;
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) text += part.value;
  const parsed = events(text).map((event) => {
    const [, id] = /^id: ?(\d+)$/m.exec(event) ?? [];
    const [, data] = /^data: ?(.*)$/m.exec(event) ?? [];
    assertMatch(event, /^event: ?operation$/m);
    const operation: Operation = JSON.parse(data ?? "");
    assertEquals(id, `${operation.revision}`);
    return operation;
  });
  assertMatch(first, /^retry: ?1000$/m);
  assertEquals(parsed.at(-1)?.state, "succeeded");
  const revisions = parsed.map(({ revision }) => revision);
  assertEquals(revisions, revisions.toSorted((a, b) => a - b));
  await app.idle();
});

Deno.test("events go on after Last-Event-ID; after the last one it is 204, so that an EventSource stops", async () => {
  const app = new App({ work: untilCanceled });
  const { id, links } = await app.start();
  const { revision } = await app.until(id, ({ state }) => state === "running");
  const follow = (last: number | string) => app.fetch("GET", links.events, undefined, { "last-event-id": `${last}` });
  const behind = (await follow(revision - 1)).body?.pipeThrough(new TextDecoderStream()).getReader();
  assertMatch((await behind?.read())?.value ?? "", new RegExp(`id: ?${revision}`));
  await behind?.cancel();
  const [current, nonsense] = await Promise.all([follow(revision), follow("nonsense")]);
  const both = Promise.all([current.text(), nonsense.text()]);
  await app.fetch("DELETE", links.self);
  const [one, two] = await both;
  assertEquals([/"state":"queued"|"cancelRequested":true,"x/.test(one), events(two).length >= 2], [false, true]);
  const last = (await app.until(id)).revision;
  const over = await follow(last);
  assertEquals([over.status, await over.text()], [204, ""]);
  assertEquals(events(await (await follow(0)).text()).length, 1);
  await app.idle();
});

Deno.test("a silent stream of events has comments in between, and its client's leave frees all", async () => {
  const app = new App({ work: untilCanceled, keepAlive: 5 });
  const { id, links } = await app.start();
  await app.until(id, ({ state }) => state === "running");
  const body = (await app.fetch("GET", links.events)).body;
  let text = "";
  assert(body);
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.split(/: ?keep-alive\n/).length > 2) break; // cancels the stream
  }
  while (app.operations.counters.listeners > 1) await new Promise((resolve) => setTimeout(resolve, 0));
  const head = await app.fetch("HEAD", links.events);
  assertEquals([head.status, await head.text(), app.operations.counters.listeners], [200, "", 1]);
  await app.fetch("DELETE", links.self);
  await app.idle();
});

Deno.test("a thousand streams of one operation leave nothing behind", async () => {
  const app = new App({ work: untilCanceled });
  const { id, links } = await app.start();
  await app.until(id, ({ state }) => state === "running");
  const bodies = await Promise.all(
    Array.from({ length: 1_000 }, async () => (await app.fetch("GET", links.events)).body),
  );
  await Promise.all(bodies.filter((_, i) => i % 2 === 0).map((body) => body?.cancel()));
  const rest = bodies.filter((_, i) => i % 2 === 1).map((body) => new Response(body).text());
  await app.fetch("DELETE", links.self);
  for (const text of await Promise.all(rest)) assert(text.includes('"state":"canceled"'));
  await app.idle();
});

Deno.test("on real sockets, clients of events and of long polls that leave free everything", async () => {
  const app = new App({ work: untilCanceled, keepAlive: 20 });
  const { id, links } = await app.start();
  await app.until(id, ({ state }) => state === "running");
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => app.handle(request));
  const leave = new AbortController();
  const clients = Array.from({ length: 40 }, async (_, i) => {
    const path = i % 2 === 0 ? links.events : `${links.self}?wait=60s`;
    const url = `http://127.0.0.1:${server.addr.port}${path}`;
    try {
      await (await fetch(url, { signal: leave.signal })).text();
    } catch (error) {
      assertEquals((error as Error).name, "AbortError");
    }
  });
  const until = async (listeners: number) => {
    while (app.operations.counters.listeners !== listeners) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  await until(41);
  leave.abort();
  await Promise.all(clients);
  await until(1); // the operation itself
  await server.shutdown();
  await app.fetch("DELETE", links.self);
  await app.idle();
});

Deno.test("streams of events that nobody reads hold nothing once the operation has ended", async () => {
  const app = new App({ work: untilCanceled });
  const { id, links } = await app.start();
  await app.until(id, ({ state }) => state === "running");
  const streams = await Promise.all(Array.from({ length: 100 }, () => app.fetch("GET", links.events)));
  await app.fetch("DELETE", links.self);
  await app.until(id);
  await app.idle();
  assertMatch(events(await streams[0]?.text() ?? "").at(-1) ?? "", /"state":"canceled"/);
  for (const { body } of streams.slice(1)) await body?.cancel();
});
