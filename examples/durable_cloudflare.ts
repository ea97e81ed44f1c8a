/**
 * A Worker on Cloudflare that needs more than 30 seconds after its answer: what does not fit goes to its queue, whose
 * consumer has 15 minutes. The bindings are stand-ins here; tests/durable/cloudflare_worker.ts is a real one.
 *
 * wrangler.jsonc: { "queues": { "producers": [{ "binding": "QUEUE", "queue": "tasks" }, { "binding": "DEAD", "queue": "dead" }],
 *   "consumers": [{ "queue": "tasks", "max_batch_size": 10 }] }, "kv_namespaces": [{ "binding": "KV", "id": "…" }] }
 */
import { assertEquals } from "@std/assert";
import type { TaskScope } from "@taskscope/taskscope";
import { cloudflareLifetime, type WaitUntilHost } from "@taskscope/taskscope/cloudflare";
import { defineTask, handoffTo, type TaskEnding } from "@taskscope/taskscope/durable";
import { cloudflareQueues, kvRecords, queueHandler } from "@taskscope/taskscope/durable/cloudflare-queues";
import type { KvNamespaceLike, QueueBatchLike, QueueLike } from "@taskscope/taskscope/durable/cloudflare-queues";
import { scoped, TraceParent } from "@taskscope/taskscope/http";
import { z } from "zod";

type Env = { readonly QUEUE: QueueLike; readonly DEAD: QueueLike; readonly KV: KvNamespaceLike };

const engineOf = (env: Env) => cloudflareQueues(env.QUEUE, { records: kvRecords(env.KV), deadLetters: env.DEAD });

const transcode = defineTask("transcode", z.object({ file: z.string() }), (scope, { file }) => {
  return { url: `/videos/${file}`, trace: scope.get(TraceParent)?.traceId };
});

async function handle(request: Request, scope: TaskScope): Promise<Response> {
  const { file } = await request.json();
  const options = { deadline: { minutes: 10 }, onExceed: "handoff" } as const; // the default, "reject", would throw here
  const handle = scope.spawnDetached(transcode, { file }, options);
  const id = handle.where === "handed-off" ? await handle.id : undefined;
  return Response.json({ where: handle.where, id }, { status: 202 });
}

const app = { // export default
  fetch(request: Request, env: Env, ctx: WaitUntilHost) {
    const options = { lifetime: cloudflareLifetime(ctx), context: [handoffTo(engineOf(env))] };
    return scoped(handle, options)(request);
  },
  queue: queueHandler([transcode], engineOf),
};

// What Cloudflare does.
const kept = new Map<string, string>();
const sent: string[] = [];
const send = (body: string) => Promise.resolve(sent.push(body));
const get = (key: string) => Promise.resolve(kept.get(key) ?? null);
const put = (key: string, value: string) => Promise.resolve(void kept.set(key, value));
const env: Env = { QUEUE: { send }, DEAD: { send }, KV: { get, put, delete: () => Promise.resolve() } };
const ctx = { waitUntil: (_work: Promise<unknown>) => {} };
const headers = { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" };
const request = new Request("http://localhost/", { method: "POST", body: '{"file":"a.mp4"}', headers });
const { where, id } = await (await app.fetch(request, env, ctx)).json();
const verdicts = {
  ack: () => console.log("the message is done with"),
  retry: () => console.log("the message comes again"),
};
const messages = sent.map((body) => ({ id: "1", timestamp: new Date(), body, attempts: 1, ...verdicts }));
await app.queue({ messages } satisfies QueueBatchLike, env, ctx);
const ending: TaskEnding = JSON.parse(await engineOf(env).records?.get(`taskscope:end:${id}`) ?? "null");
console.log(`${where}, then ${ending.state}:`, ending.result);
assertEquals(ending.result, { url: "/videos/a.mp4", trace: "4bf92f3577b34da6a3ce929d0e0e4736" });
