/** Hand-off on Cloudflare: a real Worker on workerd, its requests and its queue. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { DeadLetter } from "../../src/durable/engine.ts";
import type { Ending } from "./cloudflare_worker.ts";
import { startHost } from "./cloudflare_miniflare.ts";

const PATIENCE = 20_000;
const host = await startHost({
  script: "tests/durable/cloudflare_worker.ts",
  queues: ["QUEUE", "PLAIN"],
  deadLetterQueue: "DEAD",
});
Deno.test.afterAll(() => host.stop());

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

async function post<T>(path: string, body: unknown): Promise<T> {
  const headers = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };
  const response = await fetch(`${host.url}${path}`, { method: "POST", body: JSON.stringify(body), headers });
  return await response.json();
}

interface Spawned {
  readonly where?: string;
  readonly id: string;
  readonly error?: string;
}

function spawn(task: string, input: unknown, more: { key?: string; onExceed?: string } = {}): Promise<Spawned> {
  return post("/spawn", { task, input, onExceed: "handoff", ...more });
}

async function until<T>(path: string, look: (found: T) => boolean = () => true): Promise<T> {
  for (const end = Date.now() + PATIENCE; Date.now() < end;) {
    const response = await fetch(`${host.url}${path}`);
    const found = await response.json();
    if (found !== null && look(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing at ${path} within ${PATIENCE} ms`);
}

const ending = (id: string) => until<Ending>(`/ending?id=${encodeURIComponent(id)}`);
const deadLetter = (id: string) => until<DeadLetter>(`/dead?id=${encodeURIComponent(id)}`);

function envelope(changes: Record<string, unknown>): string {
  const now = Date.now();
  const right = { v: 1, task: "transcode", input: { file: "a" }, deadline: now + 60_000, enqueuedAt: now };
  return JSON.stringify({ ...right, key: "k", attempt: 1, context: {}, ...changes });
}

Deno.test("Cloudflare: ten minutes asked for in a request are refused by default, with an error that names hand-off", async () => {
  const { where, error } = await spawn("transcode", { file: "a.mp4" }, { onExceed: "reject" });
  assertEquals(where, undefined);
  assertMatch(`${error}`, /^LifetimeLimitError: .*cloudflare \(http: 30000 ms.*hand off/);
});

Deno.test("Cloudflare: with handoff, the consumer does it, in the same trace", async () => {
  const { where, id } = await spawn("transcode", { file: "a.mp4" });
  assertEquals(where, "handed-off");
  const { state, attempt, result, task } = await ending(id);
  assertEquals([state, attempt, task], ["succeeded", 1, "transcode"]);
  assertEquals(result, { url: "/videos/a.mp4", attempt: 1, traceId: TRACE });
});

Deno.test("Cloudflare: one that fails comes again after its delay, and holds up nobody in its batch", async () => {
  const started = Date.now();
  const [failing, ...others] = await Promise.all([
    spawn("flaky", { failures: 1 }),
    ...Array.from({ length: 5 }, (_, i) => spawn("transcode", { file: `${i}` })),
  ]);
  for (const { id } of others) assertEquals((await ending(id)).attempt, 1);
  const { state, attempt } = await ending(failing.id);
  assertEquals([state, attempt], ["succeeded", 2]);
  assert(Date.now() - started >= 1_000);
});

Deno.test("Cloudflare: more attempts than max_retries allows, then a dead letter with the last error", async () => {
  const { id } = await spawn("stubborn", {});
  const { state, attempt } = await ending(id);
  assertEquals([state, attempt], ["failed", 5]);
  assertMatch((await deadLetter(id)).reason, /attempt 5 failed/);
});

Deno.test("Cloudflare: poison, unknown versions and tasks, and input of another schema are dead letters with the reason", async () => {
  const bad: Record<string, [string, RegExp]> = {
    poison: ["not JSON {", /not JSON/],
    version: [envelope({ v: 7 }), /version 7/],
    task: [envelope({ task: "nobody" }), /nobody/],
    schema: [envelope({ input: { path: "a" } }), /input/],
  };
  for (const [key, [body]] of Object.entries(bad)) await post("/send", { text: `{"key":"${key}"}\n${body}` });
  const { id } = await spawn("transcode", { file: "between" });
  for (const [key, [body, reason]] of Object.entries(bad)) {
    const letter = await deadLetter(key);
    assertEquals([letter.id, letter.body], [key, body]);
    assertMatch(letter.reason, reason);
  }
  assertEquals((await ending(id)).state, "succeeded");
});

Deno.test("Cloudflare: without a queue for dead letters, Cloudflare's own gets them", async () => {
  await post("/send?id=plain", { text: '{"key":"own"}\npoison' });
  assertEquals(await deadLetter("own"), {
    id: "own",
    body: "poison",
    reason: "Cloudflare gave up: it was delivered as often as max_retries allows",
  });
});

Deno.test("Cloudflare: what does not end before the limit of the batch is given back, and goes on in another", async () => {
  const { id } = await spawn("long", { ms: 3_000 });
  const { state, result } = await ending(id);
  assertEquals([state, result], ["succeeded", { attempt: 1 }]); // the one that was cut does not count
});

Deno.test("Cloudflare: a key that is known is not sent again", async () => {
  const key = "once ☃";
  assertEquals([(await spawn("transcode", { file: "1" }, { key })).id], [key]);
  assertEquals([(await spawn("transcode", { file: "2" }, { key })).id], [key]);
  const { result } = await ending(key);
  assertEquals(result, { url: "/videos/1", attempt: 1, traceId: TRACE });
});

Deno.test("Cloudflare: a task that runs is canceled through the records", async () => {
  const { id } = await spawn("long", { ms: 60_000 });
  await until(`/record?id=taskscope:once:${id}:started`);
  assertEquals(await post(`/cancel?id=${id}`, {}), "requested");
  const { state, error } = await ending(id);
  assertEquals([state, error?.message], ["canceled", "no longer needed"]);
});

Deno.test("Cloudflare: what is past its deadline when it is taken is dropped", async () => {
  const now = Date.now();
  await post("/send", { text: `{"key":"past"}\n${envelope({ key: "past", enqueuedAt: now, deadline: now + 1 })}` });
  assertEquals((await ending("past")).state, "dropped");
});

Deno.test("Cloudflare: a producer whose clock is a minute ahead gets no minute more", async () => {
  const now = Date.now() + 60_000;
  const input = { task: "long", input: { ms: 30_000 }, key: "skew", enqueuedAt: now, deadline: now + 700 };
  await post("/send", { text: `{"key":"skew"}\n${envelope(input)}` });
  const { state, endedAt, error } = await ending("skew");
  assertEquals([state, error?.name], ["failed", "TimeoutError"]);
  assert(Date.parse(endedAt) < now);
});
