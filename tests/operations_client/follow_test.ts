/** Following: what comes, in which order, and what happens when it does not come. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  OperationFailedError,
  OperationProblem,
  operationsClient,
  type OperationsClientOptions,
  ServerUnreachableError,
} from "@taskscope/taskscope/operations/client";
import { z } from "zod";
import {
  event,
  events,
  ID,
  inFakeTime,
  json,
  operation,
  refused,
  script,
  type Scripted,
  unanswered,
} from "./script.ts";

function server(...answers: Scripted[]) {
  const scripted = script(...answers);
  const remote = (options: OperationsClientOptions = {}) =>
    operationsClient("http://localhost", { fetch: scripted.fetch, ...options }).operation(ID);
  /** What was asked for: `events 2` with the Last-Event-ID, `read`, or `poll` with the ETag. */
  const asked = () =>
    scripted.seen.map(({ url, headers }) => {
      const { pathname, searchParams } = new URL(url);
      const known = headers.get("last-event-id") ?? headers.get("if-none-match") ?? "";
      const what = pathname.endsWith("/events") ? "events" : searchParams.has("wait") ? "poll" : "read";
      return `${what} ${known}`.trim();
    });
  return { ...scripted, remote, asked };
}

const stream = (...pieces: string[]): Scripted => (seen) => events(seen, pieces);
const held = (...pieces: string[]): Scripted => (seen) => events(seen, pieces, true);
const read = (revision: number, state: "running" | "succeeded" = "running"): Scripted => () =>
  json(operation(revision, state), 200, { "etag": `"${revision}"`, "retry-after": "2" });
const unchanged: Scripted = () => new Response(null, { status: 304, headers: { "etag": '"1"', "retry-after": "3" } });

async function revisions(iterable: AsyncIterable<{ revision: number }>): Promise<number[]> {
  return (await Array.fromAsync(iterable)).map(({ revision }) => revision);
}

/** The revisions in fake time. */
async function followed(remote: ReturnType<ReturnType<typeof server>["remote"]>) {
  const { value, elapsed } = await inFakeTime(() => revisions(remote.follow()));
  return { value, elapsed };
}

Deno.test("follow() hands out what the events say, and ends with the operation", async () => {
  const noise = ": keep-alive\n\nevent: other\ndata: {}\n\nevent: operation\ndata: nonsense\n\n";
  const { remote, asked, seen } = server(
    held(event(operation(1, "queued")), noise, event(operation(2)), event(operation(4, "succeeded"))),
  );
  const one = remote();
  assertEquals(await revisions(one.follow()), [1, 2, 4]);
  assertEquals(one.latest?.state, "succeeded");
  assertEquals(asked(), ["events"]);
  assertEquals([seen[0]?.headers.get("accept"), seen[0]?.signal.aborted], ["text/event-stream", true]);
  assertEquals(await revisions(one.follow()), [4], "what has ended is known without asking");
  assertEquals(seen.length, 1);
});

Deno.test("a stream that ends early is connected again with Last-Event-ID; nothing comes twice or backwards", async () => {
  const { remote, asked } = server(
    stream(`retry: 3000\n${event(operation(1))}`, event(operation(2)), 'event: operation\ndata: {"id'),
    stream(event(operation(1)), event(operation(2)), event(operation(3))),
    stream(event(operation(4, "succeeded"))),
  );
  const { value, elapsed } = await followed(remote());
  assertEquals(value, [1, 2, 3, 4]);
  assertEquals(asked(), ["events", "events 2", "events 3"]);
  assertEquals(elapsed, 3_000 + 3_000, "as the server said, until it says otherwise");
});

Deno.test("an outage: both ways are tried until one answers, and events are preferred again", async () => {
  const retried: number[] = [];
  const { remote, asked } = server(
    stream(event(operation(1))),
    ...[refused, refused, refused],
    () => json({}, 503),
    refused,
    read(2),
    stream(event(operation(3, "succeeded"))),
  );
  const onRetry = (_error: unknown, delay: number) => void retried.push(delay);
  const { value } = await followed(remote({ onRetry }));
  assertEquals(value, [1, 2, 3]);
  const outage = ["events 1", "read", "events 1", "read", "events 1"];
  assertEquals(asked(), ["events", ...outage, "read", "events 2"]);
  assertEquals(retried.length, 5);
});

Deno.test("a proxy that holds events back: polls take over, long ones, and stay", async () => {
  const { remote, asked } = server(unanswered, read(1), unchanged, read(2), read(3, "succeeded"));
  const { value } = await followed(remote());
  assertEquals(value, [1, 2, 3]);
  assertEquals(asked(), ["events", "read", 'poll "1"', 'poll "1"', 'poll "2"']);
});

Deno.test("a stream that opens and brings nothing is left for polls", async () => {
  const { remote, asked } = server(held(), read(1), read(2, "succeeded"));
  const { value, elapsed } = await followed(remote());
  assertEquals([value, asked()], [[1, 2], ["events", "read", 'poll "1"']]);
  assert(elapsed >= 10_000 && elapsed < 11_000, `${elapsed} ms`);
});

Deno.test("where there are no events, there are polls; a server that does not wait is asked as often as it wants", async () => {
  const page: Scripted = () => new Response("<html>", { headers: { "content-type": "text/html" } });
  const withoutETag: Scripted = () => json(operation(1));
  for (const first of [page, (() => new Response(null, { status: 204 })) as Scripted]) {
    const { remote, asked } = server(first, withoutETag, unchanged, unchanged, read(2, "succeeded"));
    const { value, elapsed } = await followed(remote());
    assertEquals([value, asked()], [[1, 2], ["events", "read", "poll", 'poll "1"', 'poll "1"']]);
    assert(elapsed >= 6_250 && elapsed <= 6_500, `${elapsed} ms`);
  }
});

Deno.test("events: false asks for none", async () => {
  const { remote, asked, seen } = server(read(1), refused, read(2, "succeeded"));
  const { value } = await followed(remote({ events: false, silence: 10_000 }));
  assertEquals([value, asked()], [[1, 2], ["read", 'poll "1"', 'poll "1"']]);
  assertEquals(new URL(seen[1]?.url ?? "").searchParams.get("wait"), "5000ms");
});

Deno.test("a stream that falls silent is taken for dead; comments are life", async () => {
  const comments: Scripted = (seen) => {
    const response = events(seen, [event(operation(1))], true);
    const [body] = [response.body as ReadableStream<Uint8Array>];
    const slow = new TransformStream<Uint8Array, Uint8Array>({
      async transform(chunk, controller) {
        controller.enqueue(chunk);
        for (let count = 0; count < 4; count++) {
          await new Promise((resolve) => setTimeout(resolve, 30_000));
          controller.enqueue(new TextEncoder().encode(": keep-alive\n\n"));
        }
      },
    });
    return new Response(body.pipeThrough(slow), { headers: response.headers });
  };
  const { remote, asked } = server(comments, stream(event(operation(2, "succeeded"))));
  const { value, elapsed } = await followed(remote());
  assertEquals([value, asked()], [[1, 2], ["events", "events 1"]]);
  assert(elapsed >= 165_250 && elapsed <= 166_000, `${elapsed} ms`);
});

Deno.test("the head of an answer may come with the first comment, where the last revision is known", async () => {
  const late: Scripted = async (seen) => {
    await new Promise((resolve) => setTimeout(resolve, 15_000));
    return events(seen, [": keep-alive\n\n", event(operation(2, "succeeded"))]);
  };
  const { remote, asked } = server(stream(event(operation(1))), late);
  const { value } = await followed(remote());
  assertEquals([value, asked()], [[1, 2], ["events", "events 1"]]);
});

Deno.test("a 304 without an ETag is about the one that was asked for", async () => {
  const bare: Scripted = () => new Response(null, { status: 304 });
  const { remote, asked } = server(read(1), bare, read(2, "succeeded"));
  const { value } = await followed(remote({ events: false }));
  assertEquals([value, asked()], [[1, 2], ["read", 'poll "1"', 'poll "1"']]);
});

Deno.test("a reader may be slow: no silence is counted meanwhile", async () => {
  const { remote, seen } = server(held(event(operation(1)), event(operation(2, "succeeded"))));
  await inFakeTime(async () => {
    for await (const { revision } of remote().follow()) {
      if (revision === 1) await new Promise((resolve) => setTimeout(resolve, 300_000));
    }
  });
  assertEquals(seen.length, 1);
});

Deno.test("follow() gives up when there was no answer for as long as its patience", async () => {
  const { remote } = server(stream(event(operation(1))), refused);
  const { value: error, elapsed } = await inFakeTime(() =>
    revisions(remote({ patience: 60_000 }).follow()).catch((e) => e)
  );
  assertInstanceOf(error, ServerUnreachableError);
  assert(elapsed > 29_000 && elapsed <= 61_000, `${elapsed} ms`);
});

Deno.test("a no is a no: 404 and 410 end following, in either way", async () => {
  for (const answers of [[() => json({ title: "Gone" }, 410)], [stream(), () => json({ title: "Gone" }, 410)]]) {
    const { remote } = server(...answers as Scripted[]);
    const { value } = await inFakeTime(() => revisions(remote().follow()).catch((error) => error));
    assertInstanceOf(value, OperationProblem);
    assertEquals(value.status, 410);
  }
});

Deno.test("leaving the loop closes the connection; a signal ends a wait with its reason", async () => {
  const left = server(held(event(operation(1))));
  for await (const _ of left.remote().follow()) break;
  assertEquals(left.seen[0]?.signal.aborted, true);

  const reason = new Error("enough");
  const controller = new AbortController();
  const ended = server(held(event(operation(1))));
  const following = (async () => {
    for await (const _ of ended.remote().follow({ signal: controller.signal })) {
      queueMicrotask(() => controller.abort(reason));
    }
  })();
  assertEquals(await following.catch((error) => error), reason);

  const pausing = new AbortController();
  const waiting = server(stream(event(operation(1))));
  const paused = (async () => {
    for await (const _ of waiting.remote().follow({ signal: pausing.signal })) {
      setTimeout(() => pausing.abort(reason), 1);
    }
  })();
  assertEquals(await paused.catch((error) => error), reason);

  const never = server(refused);
  await assertRejects(() => never.remote().follow({ signal: AbortSignal.abort(reason) }).next(), Error, "enough");
  assertEquals(never.seen.length, 0);
});

Deno.test("a body that does not follow the signal of its request is left all the same", async () => {
  let canceled = 0;
  const deaf: Scripted = () =>
    new Response(new ReadableStream({ cancel: () => void canceled++ }), {
      headers: { "content-type": "text/event-stream" },
    });
  const controller = new AbortController();
  const { remote } = server(deaf);
  const next = remote().follow({ signal: controller.signal }).next();
  await new Promise((resolve) => setTimeout(resolve, 0));
  controller.abort();
  await assertRejects(() => next, DOMException);
  assertEquals(canceled, 1);

  const silent = server(deaf, read(1, "succeeded"));
  assertEquals((await followed(silent.remote())).value, [1]);
  assertEquals(canceled, 2);
});

Deno.test("result() is what the function returned, or says how the operation ended", async () => {
  const ended = server(stream(event(operation(2, "succeeded", { result: { pages: 3 } }))));
  assertEquals(await ended.remote().result(), { pages: 3 });
  const nothing = server(stream(event(operation(2, "succeeded"))));
  assertEquals(await nothing.remote().result(), undefined);

  const boom = { name: "RangeError", message: "too large" };
  const failed = server(stream(event(operation(2, "failed", { error: boom }))));
  const error = await assertRejects(() => failed.remote().result(), OperationFailedError);
  assertEquals([error.state, error.operation.error, error.cause], ["failed", boom, boom]);
  assertEquals(error.message, `Operation "report" (${ID}) did not succeed: it is failed: RangeError: too large`);
});

Deno.test("a schema checks and changes the result, wherever it is read", async () => {
  const result = z.object({ at: z.string().transform((text) => new Date(text)) });
  const good = operation(2, "succeeded", { result: { at: "2026-01-01T00:00:00Z" } });
  const bad = operation(2, "succeeded", { result: { at: 1 } });
  const at = new Date("2026-01-01T00:00:00Z");
  const make = (...answers: Scripted[]) => operationsClient("http://localhost", { fetch: script(...answers).fetch });

  const started = await make(() => json(good, 202)).start("/reports", { result });
  const typed: Date = await started.result().then(({ at }) => at);
  assertEquals([typed, started.latest?.result], [at, { at }]);
  const read = await make(() => json(good)).operation(ID, { result }).read();
  assertEquals(read.result?.at, at);
  const message = `Cannot take the result of operation ${ID}: it is not what the schema says: at: `;
  const wrong = make(stream(event(operation(1)), event(bad))).operation(ID, { result });
  await assertRejects(() => wrong.result(), TypeError, message);
  const whole = make(() => json(bad)).operation(ID, { result: z.string() });
  await assertRejects(() => whole.read(), TypeError, "what the schema says: Invalid input");
});

Deno.test("latest never goes backwards", async () => {
  const { remote } = server(() => json(operation(5)), () => json(operation(3)));
  const one = remote();
  await one.read();
  assertEquals((await one.read()).revision, 3);
  assertEquals(one.latest?.revision, 5);
});
