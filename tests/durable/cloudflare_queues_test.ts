/** What the adapter of Cloudflare Queues does with a batch, seen on stand-ins for the bindings. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import {
  cloudflareQueues,
  type CloudflareQueuesOptions,
  type DurableObjectNamespaceLike,
  durableObjectRecords,
  kvRecords,
  queueHandler,
  type QueueLike,
  readDeadLetter,
  RecordsObject,
} from "../../src/durable/cloudflare_queues.ts";
import { defineTask } from "../../src/durable/define_task.ts";
import type { Delivery, Verdict } from "../../src/durable/engine.ts";
import * as z from "zod";

class Queue implements QueueLike {
  readonly sent: { body: string; delaySeconds: number | undefined }[] = [];
  fails = false;

  send(body: string, { delaySeconds }: { delaySeconds?: number } = {}): Promise<void> {
    if (this.fails) return Promise.reject(new Error("the queue is full"));
    this.sent.push({ body, delaySeconds });
    return Promise.resolve();
  }
}

class QueueMessage {
  readonly id = "cf-1";
  readonly timestamp = new Date(Date.now() - 5_000);
  readonly verdicts: unknown[] = [];

  constructor(readonly body: unknown, readonly attempts = 1) {}

  ack(): void {
    this.verdicts.push("ack");
  }

  retry(options?: { delaySeconds?: number }): void {
    this.verdicts.push(options ?? "retry");
  }
}

/** Gives one message one verdict; `errors` has what the worker would hear. */
async function give(
  message: QueueMessage,
  verdict: Verdict,
  options: CloudflareQueuesOptions = {},
  queue = new Queue(),
) {
  const errors: unknown[] = [];
  const deliveries: Delivery[] = [];
  const engine = cloudflareQueues(queue, options).ofBatch({ messages: [message] });
  const receive = (delivery: Delivery) => (deliveries.push(delivery), Promise.resolve(verdict));
  const consumption = await engine.consume(receive, {
    ...{ concurrency: 1, lease: 0, onError: (error) => errors.push(error) },
  });
  await engine.ended;
  await consumption.stop();
  return { errors, queue, deliveries };
}

const soon = () => new Date(Date.now() + 60_000);

Deno.test("cloudflareQueues: a retry has whole seconds, and 12 hours at most", async () => {
  for (const [delay, delaySeconds] of [[0, 0], [1, 1], [1_500, 2], [86_400_000, 43_200]] as const) {
    const message = new QueueMessage('{"key":"k"}\nbody');
    await give(message, { kind: "retry", delay });
    assertEquals(message.verdicts, [{ delaySeconds }]);
  }
});

Deno.test("cloudflareQueues: what Cloudflare would throw away after max_retries is sent anew, and goes on counting", async () => {
  const message = new QueueMessage('{"key":"k","attempts":4,"waited":1000}\nbody\nmore', 3);
  const { queue } = await give(message, { kind: "retry", delay: 2_000 });
  assertEquals(message.verdicts, ["ack"]);
  const [copy] = queue.sent;
  const [header = "", ...rest] = copy?.body.split("\n") ?? [];
  assertEquals([copy?.delaySeconds, rest.join("\n")], [2, "body\nmore"]);
  const { key, attempts, waited } = JSON.parse(header);
  assertEquals([key, attempts], ["k", 7]);
  assert(waited >= 6_000 && waited < 16_000, `${waited}`);

  const allowed = new QueueMessage('{"key":"k"}\nbody', 3);
  await give(allowed, { kind: "retry", delay: 0 }, { maxRetries: 3 });
  assertEquals(allowed.verdicts, [{ delaySeconds: 0 }]);
});

Deno.test("cloudflareQueues: numbers that a stranger wrote into a header keep no message going for ever", async () => {
  for (const wrong of [-1_000_000, "5", null, {}, [], true]) {
    const header = JSON.stringify({ key: "k", attempts: wrong, waited: wrong, reason: { toString: 1 } });
    const message = new QueueMessage(`${header}\nbody`, 3);
    const { queue, deliveries } = await give(message, { kind: "retry", delay: 0 });
    assertEquals(deliveries.map(({ attempt }) => attempt), [3]);
    assert((deliveries[0]?.waited ?? 0) >= 5_000, `${deliveries[0]?.waited}`);
    assertEquals(JSON.parse(queue.sent[0]?.body.split("\n")[0] ?? "").attempts, 3);
    assertEquals(readDeadLetter(message).reason.slice(0, 18), "Cloudflare gave up");
  }
});

Deno.test("cloudflareQueues: what is given back does not count, and what was not begun is given back", async () => {
  const messages = [new QueueMessage('{"key":"a"}\n1'), new QueueMessage('{"key":"b"}\n2', 2)];
  const queue = new Queue();
  const engine = cloudflareQueues(queue).ofBatch({ messages });
  const gate = Promise.withResolvers<Verdict>();
  const begun = Promise.withResolvers<void>();
  const consumption = await engine.consume(() => (begun.resolve(), gate.promise), {
    ...{ concurrency: 1, lease: 0, onError: console.error },
  });
  await begun.promise;
  const stopping = consumption.stop();
  gate.resolve({ kind: "give-back" });
  await stopping;
  assertEquals(messages.map(({ verdicts }) => verdicts), [["ack"], ["ack"]]);
  const headers = queue.sent.map(({ body }) => JSON.parse(body.split("\n")[0] ?? ""));
  assertEquals(headers.map(({ key, attempts }) => [key, attempts]).sort(), [["a", 0], ["b", 1]]);
});

Deno.test("cloudflareQueues: a queue that takes no copy has the message retried, and is told", async () => {
  for (const verdict of [{ kind: "give-back" }, { kind: "dead", reason: "poison" }] as const) {
    const queue = new Queue();
    queue.fails = true;
    const message = new QueueMessage('{"key":"a"}\n1');
    const { errors } = await give(message, verdict, { deadLetters: queue }, queue);
    assertEquals([message.verdicts, `${errors}`], [["retry"], "Error: the queue is full"]);
  }
});

Deno.test("cloudflareQueues: a worker that throws has the message retried", async () => {
  const message = new QueueMessage('{"key":"a"}\n1');
  const errors: unknown[] = [];
  const engine = cloudflareQueues(new Queue()).ofBatch({ messages: [message] });
  await engine.consume(() => Promise.reject(new Error("a mistake")), {
    ...{ concurrency: 1, lease: 0, onError: (error) => errors.push(error) },
  });
  await engine.ended;
  assertEquals([message.verdicts, `${errors}`], [[{ delaySeconds: 0 }], "Error: a mistake"]);
});

Deno.test("cloudflareQueues: an empty batch ends at once", async () => {
  const engine = cloudflareQueues(new Queue()).ofBatch({ messages: [] });
  await engine.consume(() => Promise.resolve({ kind: "done" }), { concurrency: 1, lease: 0, onError: console.error });
  await engine.ended;
});

Deno.test("cloudflareQueues: dead letters have id, body and reason, whoever sent the message, and however long they are", async () => {
  const cases: [unknown, { id: string; body: string }][] = [
    ['{"key":"k"}\nbody', { id: "k", body: "body" }],
    ["of another program", { id: "cf-1", body: "of another program" }],
    ['{"other":1}\nx', { id: "cf-1", body: '{"other":1}\nx' }],
    [{ an: "object" }, { id: "cf-1", body: '{"an":"object"}' }],
    [undefined, { id: "cf-1", body: "undefined" }],
  ];
  for (const [body, expected] of cases) {
    const deadLetters = new Queue();
    const message = new QueueMessage(body);
    await give(message, { kind: "dead", reason: "because\nof" }, { deadLetters });
    assertEquals(message.verdicts, ["ack"]);
    const letter = readDeadLetter(new QueueMessage(deadLetters.sent[0]?.body));
    assertEquals(letter, { ...expected, reason: "because\nof" });
  }
  const deadLetters = new Queue();
  const key = "\u0001".repeat(255);
  await give(new QueueMessage(JSON.stringify({ key }) + "\n" + "☃".repeat(42_600)), {
    kind: "dead",
    reason: "☃".repeat(9_000),
  }, { deadLetters });
  const text = deadLetters.sent[0]?.body ?? "";
  assert(new TextEncoder().encode(text).length <= 128_000);
  assertEquals(readDeadLetter(new QueueMessage(text)).id, key);
});

Deno.test("cloudflareQueues: what is too long for Cloudflare is refused, and not sent", async () => {
  const queue = new Queue();
  const engine = cloudflareQueues(queue);
  await assertRejects(
    () => engine.enqueue({ key: "k", body: "☃".repeat(43_000), deadline: soon() }),
    RangeError,
    "Cannot send a message: it has 129012 bytes",
  );
  assertEquals(queue.sent, []);
});

Deno.test("cloudflareQueues: records that fail after the message was sent do not have it sent again", async () => {
  const queue = new Queue();
  const records = {
    get: () => Promise.resolve(undefined),
    set: () => Promise.reject(new Error("down")),
    delete: async () => {},
  };
  assertEquals(await cloudflareQueues(queue, { records }).enqueue({ key: "k", body: "1", deadline: soon() }), "k");
  assertEquals(queue.sent.length, 1);
});

Deno.test("kvRecords: a value ends on time although KV keeps it for a minute at least, and keys may be long", async () => {
  const kept = new Map<string, string>();
  const ttls: (number | undefined)[] = [];
  const records = kvRecords({
    get: (key) => Promise.resolve(kept.get(key) ?? null),
    put(key, value, { expirationTtl } = {}) {
      assert(new TextEncoder().encode(key).length <= 512);
      ttls.push(expirationTtl);
      return Promise.resolve(void kept.set(key, value));
    },
    delete: (key) => Promise.resolve(void kept.delete(key)),
  });
  using time = new FakeTime();
  await records.set("k".repeat(600), "a b", 1_500);
  await records.set("k".repeat(601), "c", 90_001);
  assertEquals([await records.get("k".repeat(600)), await records.get("k".repeat(601))], ["a b", "c"]);
  time.tick(1_501);
  assertEquals([await records.get("k".repeat(600)), await records.get("k".repeat(601))], [undefined, "c"]);
  assertEquals(ttls, [60, 91]);
});

Deno.test("cloudflareQueues and queueHandler refuse what is wrong where they are called", () => {
  const task = defineTask("a", z.unknown(), () => {});
  assertThrows(() => cloudflareQueues({} as never), TypeError, "the binding of a queue is needed");
  assertThrows(() => cloudflareQueues(new Queue(), { deadLetter: 1 } as never), TypeError, "deadLetter");
  assertThrows(
    () => cloudflareQueues(new Queue(), { deadLetters: {} as never }),
    TypeError,
    "deadLetters must be a queue",
  );
  assertThrows(() => cloudflareQueues(new Queue(), { maxRetries: -1 }), RangeError, "maxRetries");
  assertThrows(() => queueHandler([task], {} as never), TypeError, "a function is needed");
  assertThrows(() => queueHandler([task, task], () => cloudflareQueues(new Queue())), TypeError, "a name of its own");
  const handler = (options: object) => () => queueHandler([task], () => cloudflareQueues(new Queue()), options);
  assertThrows(handler({ lease: 1 }), TypeError, "lease");
  assertThrows(handler({ concurrency: 0 }), RangeError, "concurrency");
  assertThrows(handler({ grace: -1 }), RangeError, "grace");
  assertThrows(handler({ poll: 0 }), RangeError, "poll");
});

/** Durable Objects in memory, each with a storage of its own. */
class Objects implements DurableObjectNamespaceLike {
  readonly storages = new Map<string, Map<string, unknown>>();
  readonly alarms: (() => Promise<void>)[] = [];

  idFromName(name: string): string {
    return name;
  }

  get(name: string) {
    const kept = this.storages.get(name) ?? new Map<string, unknown>();
    this.storages.set(name, kept);
    const storage = {
      get: (key: string) => Promise.resolve(kept.get(key)),
      put: (key: string, value: unknown) => Promise.resolve(void kept.set(key, value)),
      setAlarm: (_at: number) => Promise.resolve(void this.alarms.push(() => object.alarm())),
      deleteAll: () => Promise.resolve(kept.clear()),
    };
    const object = new RecordsObject({ storage });
    return { fetch: (url: string, init?: RequestInit) => object.fetch(new Request(url, init)) };
  }
}

Deno.test("durableObjectRecords: one object a record, with an alarm that removes what has expired", async () => {
  const objects = new Objects();
  const records = durableObjectRecords(objects);
  using time = new FakeTime();
  assertEquals([await records.set("a", "1", 1_000, true), await records.set("a", "2", 1_000, true)], [true, false]);
  assertEquals([await records.set("a", "3 4", 2_000), await records.set("b", "", 9_000)], [true, true]);
  assertEquals([await records.get("a"), await records.get("b"), await records.get("c")], ["3 4", "", undefined]);
  time.tick(1_001);
  for (const alarm of objects.alarms) await alarm(); // the first of "a" comes too early
  assertEquals([await records.get("a"), objects.storages.get("a")?.size], ["3 4", 1]);
  time.tick(1_000);
  assertEquals([await records.get("a"), objects.storages.get("a")?.size], [undefined, 1]);
  for (const alarm of objects.alarms) await alarm();
  assertEquals([objects.storages.get("a")?.size, await records.get("b")], [0, ""]);
  assertEquals(await records.set("a", "again", 1_000, true), true);
  await records.delete("b");
  assertEquals(await records.get("b"), undefined);
});

Deno.test("durableObjectRecords: an object that fails is an error", async () => {
  const broken = {
    idFromName: () => "",
    get: () => ({ fetch: () => Promise.resolve(new Response(null, { status: 500 })) }),
  };
  await assertRejects(() => durableObjectRecords(broken).get("a"), Error, "their Durable Object answered 500");
});

Deno.test("cloudflareQueues: a key that is known is not sent again; one whose deadline is long past is not kept", async () => {
  const queue = new Queue();
  const records = durableObjectRecords(new Objects());
  const engine = cloudflareQueues(queue, { records });
  for (const key of ["a", "a", "b", "a"]) assertEquals(await engine.enqueue({ key, body: "1", deadline: soon() }), key);
  await engine.enqueue({ key: "c", body: "1", deadline: new Date(0) });
  assertEquals(queue.sent.map(({ body }) => body), ['{"key":"a"}\n1', '{"key":"b"}\n1', '{"key":"c"}\n1']);
  assertEquals(await records.get("taskscope:sent:c"), undefined);
  await engine.ofBatch({ messages: [] }).enqueue({ key: "d", body: "1", deadline: soon() });
  assertEquals(queue.sent.length, 4);
});

function envelopeOf(task: string, input: unknown): string {
  const deadline = Date.now() + 60_000;
  const envelope = { v: 1, task, input, deadline, enqueuedAt: Date.now(), key: "k", attempt: 1, context: {} };
  return `{"key":"k"}\n${JSON.stringify(envelope)}`;
}

Deno.test("queueHandler: what does not end before the limit is canceled and sent anew; what ends is done with", async () => {
  const queue = new Queue();
  const canceled: unknown[] = [];
  const slow = defineTask("slow", z.unknown(), async (scope) => {
    await scope.sleep(60_000).catch((error) => {
      canceled.push(error.kind);
      throw error;
    });
  });
  const quick = defineTask("quick", z.unknown(), () => {});
  const handler = queueHandler([slow, quick], () => cloudflareQueues(queue), {
    ...{ concurrency: 2, grace: 200, limits: { queue: 2_300 } },
  });
  const messages = [
    new QueueMessage(envelopeOf("slow", null)),
    new QueueMessage(envelopeOf("quick", null)),
    new QueueMessage(envelopeOf("slow", null), 2),
    new QueueMessage(envelopeOf("quick", null)), // no place for it
  ];
  await handler({ messages }, {}, { waitUntil() {} });
  assertEquals(messages.map(({ verdicts }) => verdicts), [["ack"], ["ack"], ["ack"], ["ack"]]);
  assertEquals(canceled, ["shutdown", "shutdown"]);
  assertEquals(queue.sent.map(({ body }) => JSON.parse(body.split("\n")[0] ?? "").attempts).sort(), [0, 0, 1]);
});

Deno.test("queueHandler: a batch that has nothing more to do ends at once", async () => {
  const done: string[] = [];
  const task = defineTask("task", z.string(), (_scope, input) => void done.push(input));
  const handler = queueHandler([task], (env: { queue: Queue }) => cloudflareQueues(env.queue));
  const messages = [new QueueMessage(envelopeOf("task", "a")), new QueueMessage(envelopeOf("task", "b"))];
  await handler({ messages }, { queue: new Queue() }, { waitUntil() {} });
  assertEquals([done, messages.map(({ verdicts }) => `${verdicts}`)], [["a", "b"], ["ack", "ack"]]);
});
