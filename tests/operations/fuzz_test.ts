/** Whatever clients send: no 500, no unhandled rejection, and nothing left running. */
import { assert, assertEquals } from "@std/assert";
import type { StandardSchema } from "@taskscope/taskscope/operations";
import fc from "fast-check";
import { z } from "zod";
import { App } from "./app.ts";

const CASES = 10_000;
const input: StandardSchema<unknown> = z.object({ n: z.number().optional(), list: z.array(z.string()).optional() });

const latin = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).filter((c) => c !== 0x7f).map((c) => String.fromCharCode(c)),
});
const segment = fc.oneof(
  fc.constantFrom("events", "operations", "..", ".", "", "%00", "%ff", "%2f", "id", "unknown"),
  fc.string({ unit: "binary", maxLength: 8 }).map((text) => encodeURIComponent(text.toWellFormed())),
);
const path = fc.oneof(
  fc.constant("/x"),
  fc.constantFrom("/operations/id", "/operations/id/events", "/operations/unknown", "/operations/", "/operations"),
  fc.array(segment, { maxLength: 4 }).map((segments) => `/operations/${segments.join("/")}`),
);
const query = fc.oneof(
  fc.constant(""),
  fc.constantFrom("?wait=1ms", "?wait=0s", "?wait=", "?wait=%00", "?wait=-1s", "?wait=1e9s", "?wait=2ms&wait=x"),
  fc.webQueryParameters().map((text) => `?${text}`),
);
const headers = fc.array(
  fc.oneof(
    fc.tuple(fc.constant("idempotency-key"), fc.oneof(fc.constantFrom("a", "b"), latin)),
    fc.tuple(fc.constant("if-none-match"), fc.oneof(fc.constantFrom("*", '"1"', 'W/"1", "2"'), latin)),
    fc.tuple(fc.constant("last-event-id"), fc.oneof(fc.constantFrom("0", "2", "-1", "NaN", "1e999"), latin)),
    fc.tuple(
      fc.constant("content-type"),
      fc.oneof(
        fc.constantFrom(
          "application/json",
          "text/plain",
          "multipart/form-data; boundary=b",
          "application/x-www-form-urlencoded",
        ),
        latin,
      ),
    ),
    fc.tuple(fc.constantFrom("traceparent", "accept", "x-user"), latin),
  ),
  { maxLength: 4 },
);
const body = fc.oneof(
  fc.constant(undefined),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => new Uint8Array(bytes)),
  fc.json({ maxDepth: 3 }),
  fc.record({ n: fc.oneof(fc.double(), fc.string()) }).map((value) => JSON.stringify(value)),
  fc.constantFrom("{}", '{"n":1}', "a=1&a=2", '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'),
);
const requests = fc.record({
  method: fc.constantFrom("GET", "GET", "GET", "POST", "POST", "DELETE", "HEAD", "PUT", "OPTIONS", "PROPFIND", "get"),
  path,
  query,
  headers,
  body,
  leaves: fc.boolean(),
});

Deno.test(`${CASES} requests of any kind: no 500, no unhandled rejection, nothing left running`, async () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  addEventListener("unhandledrejection", onUnhandled);
  const failed: unknown[] = [];
  let turn = 0;
  const app = new App({
    start: { input },
    scoped: { onError: (error) => void failed.push(error) },
    limits: { perOwner: 20, wait: 2, result: 1_000 },
    keepAlive: 1,
    owner: (request) => request.headers.get("x-user") || "ada",
    work: (task, input, progress) => {
      progress(turn / CASES, "x");
      return [() => input, () => task.sleep(1), () => task.sleep(60_000), () => assert(false)][turn++ % 4]?.();
    },
  });
  const seen = new Set<number>();
  const started: [string, string][] = [];
  let latest = crypto.randomUUID() as string;
  const send = async (
    { method, path, query, headers, body, leaves }: typeof requests extends fc.Arbitrary<infer R> ? R : never,
  ) => {
    const leave = new AbortController();
    const url = `http://localhost${path.replace("/id", `/${latest}`)}${query}`;
    const hasBody = !/^(get|head)$/i.test(method) && body !== undefined;
    const all = new Headers();
    for (const [name, value] of headers) all.set(name, value);
    const user = all.get("x-user") || "ada";
    const pending = app.handle(
      new Request(url, { method, headers: all, signal: leave.signal, ...hasBody ? { body } : {} }),
    );
    if (leaves) leave.abort();
    const response = await pending;
    seen.add(response.status);
    assert(response.status !== 500 && response.status !== 503, `${method} ${url}: ${response.status}`);
    const id = response.headers.get("location")?.slice("/operations/".length);
    if (id !== undefined) started.push([latest = id, user]);
    if (leaves || response.headers.get("content-type") === "text/event-stream") await response.body?.cancel();
    else await response.text();
  };
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(requests, { minLength: 20, maxLength: 20 }), async (batch) => {
        await Promise.all(batch.map(send));
        // Cancels what is left, as its owner; most has ended.
        const mine = started.splice(0);
        await Promise.all(
          mine.map(([id, user]) => app.fetch("DELETE", `/operations/${id}`, undefined, { "x-user": user })),
        );
      }),
      { numRuns: CASES / 20, seed: 5 },
    );
    await app.idle();
  } finally {
    removeEventListener("unhandledrejection", onUnhandled);
  }
  assertEquals([unhandled, failed], [[], []]);
  assertEquals(app.operations.counters, { running: 0, listeners: 0 });
  for (const status of [200, 202, 304, 400, 404, 405, 418, 422]) {
    assert(seen.has(status), `${status} was never seen`);
  }
});
