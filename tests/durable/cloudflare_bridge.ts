/** Cloudflare Queues for the cases of engines: what is delivered in workerd is decided in the process of the test. */
import {
  cloudflareQueues,
  type DurableObjectNamespaceLike,
  durableObjectRecords,
  type KvNamespaceLike,
  kvRecords,
  type QueueBatchLike,
  type QueueLike,
  readDeadLetter,
} from "../../src/durable/cloudflare_queues.ts";
import type { Delivery, Verdict } from "../../src/durable/engine.ts";

export { RecordsObject } from "../../src/durable/cloudflare_queues.ts";

interface Env {
  readonly [queue: `Q${number}`]: QueueLike;
  readonly DEAD: QueueLike;
  readonly KV: KvNamespaceLike;
  readonly RECORDS: DurableObjectNamespaceLike;
}

type Name = `Q${number}`;

/** Where the test of a queue listens, and what keeps its records. */
const tests = new Map<string, { readonly url: string; readonly records?: "kv" | "durable-object" }>();

function engineOf(env: Env, queue: Name) {
  const place = tests.get(queue)?.records;
  const records = place && (place === "kv" ? kvRecords(env.KV) : durableObjectRecords(env.RECORDS));
  return cloudflareQueues(env[queue] as QueueLike, { deadLetters: env.DEAD, records });
}

async function tell<T>(url: string | undefined, value: unknown): Promise<T> {
  const response = await fetch(`${url}`, { method: "POST", body: JSON.stringify(value) });
  return await response.json();
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, queue, what = "", operation = ""] = new URL(request.url).pathname.split("/");
    const engine = engineOf(env, queue as Name);
    const [key, ...args] = await request.json();
    if (what === "test") return Response.json(!tests.set(`${queue}`, key));
    if (what === "send") return Response.json(!await env[queue as Name]?.send(key, ...args));
    if (what === "enqueue") {
      const [body, deadline] = args;
      return Response.json(await engine.enqueue({ key, body, deadline: new Date(deadline) }));
    }
    const { records } = engine;
    if (operation === "get") return Response.json(await records?.get(key) ?? null);
    if (operation === "delete") return Response.json(await records?.delete(key) ?? null);
    const [value, ttl, onlyIfAbsent] = args;
    return Response.json(await records?.set(key, value, ttl, onlyIfAbsent));
  },

  async queue(batch: QueueBatchLike & { queue: string }, env: Env): Promise<void> {
    if (batch.queue === "DEAD") {
      for (const message of batch.messages) {
        for (const { url } of tests.values()) await tell(`${url}/dead`, readDeadLetter(message)).catch(() => {});
      }
      return;
    }
    const engine = engineOf(env, batch.queue as Name).ofBatch(batch);
    const { url } = tests.get(batch.queue) ?? {};
    const consumption = await engine.consume((delivery: Delivery) => tell<Verdict>(url, delivery), {
      concurrency: 100,
      lease: 0,
      onError() {}, // its test has ended
    });
    await engine.ended;
    await consumption.stop();
  },
};
