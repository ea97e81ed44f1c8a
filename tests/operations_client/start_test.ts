/** Starting, and single calls: what is sent, what is tried again, and what errors say. */
import { assert, assertEquals, assertInstanceOf, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import {
  OperationProblem,
  operationsClient,
  type OperationsClientOptions,
  ServerUnreachableError,
} from "@taskscope/taskscope/operations/client";
import { ID, inFakeTime, json, operation, refused, script, type Scripted, unanswered } from "./script.ts";

const accepted: Scripted = () => json(operation(1, "queued"), 202);
const busy = (retryAfter: string): Scripted => () => json({ title: "Busy" }, 503, { "retry-after": retryAfter });

function server(...answers: Scripted[]) {
  const scripted = script(...answers);
  const client = (options: OperationsClientOptions = {}) =>
    operationsClient("http://localhost/api/", { fetch: scripted.fetch, ...options });
  return { ...scripted, client };
}

Deno.test("start() sends JSON with a random Idempotency-Key, and knows the operation", async () => {
  const { seen, client } = server(accepted);
  const started = await client({ headers: { authorization: "Bearer 1" } }).start("/videos", { json: { file: "a" } });
  await client().start("videos?x=1", {
    body: "plain",
    method: "PUT",
    headers: { "x-more": "1" },
    idempotencyKey: "mine",
  });
  await client().start("/videos", { idempotencyKey: false });

  assertEquals([started.id, started.latest?.state], [ID, "queued"]);
  assertEquals(seen.map(({ method, url, body }) => [method, url, body]), [
    ["POST", "http://localhost/api/videos", '{"file":"a"}'],
    ["PUT", "http://localhost/api/videos?x=1", "plain"],
    ["POST", "http://localhost/api/videos", null],
  ]);
  const headers = seen.map(({ headers }) => Object.fromEntries(headers));
  const key = headers[0]?.["idempotency-key"] ?? "";
  assert(/^[0-9a-f]{32}$/.test(key), key);
  assertEquals(headers, [
    { "authorization": "Bearer 1", "content-type": "application/json", "idempotency-key": key },
    { "idempotency-key": "mine", "x-more": "1" },
    {},
  ]);
});

Deno.test("start() tries again with the same key and with fresh headers: no answer, 408, 429, 502 and above", async () => {
  const statuses = [408, 429, 502, 503, 522].map((status): Scripted => () => json({}, status));
  const { seen, client } = server(refused, ...statuses, accepted);
  const delays: number[] = [];
  let calls = 0;
  const headers = () => Promise.resolve({ "x-call": `${calls++}` });
  const onRetry = (_error: unknown, delay: number) => void delays.push(delay);
  await inFakeTime(() => client({ attempts: 8, headers, onRetry }).start("/videos"));

  assertEquals(new Set(seen.map(({ headers }) => headers.get("idempotency-key"))).size, 1);
  assertEquals(seen.map(({ headers }) => headers.get("x-call")), ["0", "1", "2", "3", "4", "5", "6"]);
  const longest = [500, 1_000, 2_000, 4_000, 8_000, 16_000];
  for (const [index, delay] of delays.entries()) {
    const most = longest[index] ?? 0;
    assert(delay >= most / 2 && delay <= most, `pause ${index}: ${delay} of ${most}`);
  }
});

Deno.test("start() without a key, or with a stream, is sent once", async () => {
  for (const options of [{ idempotencyKey: false as const }, { body: new ReadableStream() }]) {
    const { seen, client } = server(refused, accepted);
    await assertRejects(() => client().start("/videos", options), ServerUnreachableError, "connection refused");
    assertEquals(seen.length, 1);
  }
});

Deno.test("two starts have two keys", async () => {
  const { seen, client } = server(accepted);
  await client().start("/videos");
  await client().start("/videos");
  assertNotEquals(...seen.map(({ headers }) => headers.get("idempotency-key")) as [string, string]);
});

Deno.test("Retry-After is honored, in seconds and as a date, and not waited for if it is over a minute", async () => {
  const { client, seen } = server(busy("20"), accepted);
  const { elapsed } = await inFakeTime(() => client().start("/videos"));
  assertEquals([elapsed, seen.length], [20_000, 2]);

  const dated = await inFakeTime(() => {
    const { client } = server(busy(new Date(Date.now() + 30_000).toUTCString()), accepted);
    return client().start("/videos");
  });
  assert(dated.elapsed > 28_000 && dated.elapsed <= 30_000, `${dated.elapsed} ms`);

  const late = server(busy("61"), accepted);
  const error = await assertRejects(() => late.client().start("/videos"), OperationProblem);
  assertEquals([error.status, error.retryAfter, late.seen.length], [503, 61_000, 1]);
});

Deno.test("a call gives up after its attempts, with the last error", async () => {
  const { client, seen } = server(refused);
  const { value: error } = await inFakeTime(() => client({ attempts: 3 }).operation(ID).read().catch((error) => error));
  assertInstanceOf(error, ServerUnreachableError);
  assertEquals(error.message, `Cannot read operation ${ID}: no answer: connection refused`);
  assertInstanceOf(error.cause, TypeError);
  assertEquals(seen.length, 3);
});

Deno.test("a problem has what the server said, and is not tried again", async () => {
  const errors = [{ field: "file", pointer: "#/file", detail: "expected a string" }];
  const body = { type: "about:blank", title: "Bad Request", status: 400, detail: "The input is wrong", errors };
  const { client, seen } = server(() => json(body, 400));
  const error = await assertRejects(() => client().start("/videos"), OperationProblem);
  assertEquals({ ...error }, {
    name: "OperationProblem",
    ...body,
    retryAfter: undefined,
  });
  assertEquals(
    error.message,
    "Cannot start an operation: 400 Bad Request: The input is wrong: file: expected a string",
  );
  assertEquals(seen.length, 1);
});

Deno.test("an answer that is no operation is a problem, too, also if a proxy made it", async () => {
  const answers: [Response, string][] = [
    [new Response("<h1>Bad Gateway</h1>", { status: 500, statusText: "Oops" }), "500 Oops: <h1>Bad Gateway</h1>"],
    [new Response("null", { status: 400 }), "400: null"],
    [new Response("", { status: 500 }), "Cannot read operation 1: 500"],
    [json({ title: 1, detail: 2, errors: 3 }, 400), '400 1: {"title":1,"detail":2,"errors":3}'],
    [json({ status: "fine" }), "200: The answer is not an operation"],
    [new Response("[1"), "200: The answer is not an operation"],
  ];
  for (const [answer, message] of answers) {
    const { client } = server(() => answer);
    await assertRejects(() => client().operation("1").read(), OperationProblem, message);
  }
});

Deno.test("a signal ends a call: before it, in an answer, and in a pause", async () => {
  const reason = new Error("enough");
  const gone = AbortSignal.abort(reason);
  const { client, seen } = server(refused);
  assertEquals(await client().start("/videos", { signal: gone }).catch((error) => error), reason);
  assertEquals(seen.length, 0);

  const answering = new AbortController();
  const silent = server((request) => {
    queueMicrotask(() => answering.abort(reason));
    return unanswered(request);
  });
  const call = silent.client().operation(ID).read({ signal: answering.signal });
  assertEquals(await call.catch((error) => error), reason);

  const pausing = new AbortController();
  const paused = server(refused);
  const retried = paused.client({ onRetry: () => queueMicrotask(() => pausing.abort(reason)) });
  assertEquals(await retried.operation(ID).cancel({ signal: pausing.signal }).catch((error) => error), reason);
  assertEquals(paused.seen.length, 1);
});

Deno.test("cancel() asks once more if it must, and takes an operation that has ended as it is", async () => {
  const { client, seen } = server(refused, () => json(operation(4, "running", { cancelRequested: true }), 202));
  const { value: asked } = await inFakeTime(() => client().operation(ID).cancel());
  assertEquals([asked.cancelRequested, seen.map(({ method }) => method)], [true, ["DELETE", "DELETE"]]);

  const late = server(() => json({ title: "Conflict" }, 409), () => json(operation(5, "succeeded", { result: 7 })));
  assertEquals((await late.client().operation<number>(ID).cancel()).result, 7);
  const unknown = server(() => json({ title: "Not Found" }, 404));
  await assertRejects(() => unknown.client().operation(ID).cancel(), OperationProblem, "404 Not Found");
});

Deno.test("what a caller gets wrong is said at once", async () => {
  const make = (options: unknown, base: unknown = "http://localhost") =>
    operationsClient(base as string, options as OperationsClientOptions);
  for (const base of ["localhost", "", "ftp://localhost", null]) {
    assertThrows(() => make({}, base), TypeError, "base");
  }
  for (
    const options of [
      null,
      { unknown: 1 },
      { path: "operations" },
      { path: "/operations/" },
      { path: 1 },
      { fetch: 1 },
      { onRetry: 1 },
      { events: 1 },
      { headers: { "not a name": "1" } },
      { backoff: "1" },
    ]
  ) assertThrows(() => make(options), TypeError);
  for (const options of [{ attempts: 0 }, { attempts: 1.5 }, { patience: -1 }, { backoff: NaN }, { silence: 0 }]) {
    assertThrows(() => make(options), RangeError);
  }
  const { client, seen } = server(accepted);
  for (const path of ["http://elsewhere/", "//elsewhere", 1]) {
    await assertRejects(() => client().start(path as string), TypeError, "below the base");
  }
  for (const request of [{ json: 1, body: "1" }, { method: "get" }, { unknown: 1 }, { headers: { "a b": "" } }]) {
    await assertRejects(() => client().start("/videos", request), TypeError);
  }
  for (const id of ["", ".", "..", 1]) {
    assertThrows(() => client().operation(id as string), TypeError, "an id is needed");
  }
  assertEquals(seen.length, 0);
});

Deno.test("an id cannot leave the path of the operations", async () => {
  const { client, seen } = server(() => json(operation(1)));
  await client({ path: "/jobs" }).operation("../admin?x#y").read();
  assertEquals(seen[0]?.url, "http://localhost/api/jobs/..%2Fadmin%3Fx%23y");
});
