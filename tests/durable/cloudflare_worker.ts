/** A real Worker: hands work of requests to its queue, and runs it. */
import { LifetimeLimitError } from "@taskscope/taskscope";
import { type AnyDurableTask, cancelTask, defineTask, handoffTo, type TaskEnding } from "@taskscope/taskscope/durable";
import {
  cloudflareQueues,
  type KvNamespaceLike,
  kvRecords,
  queueHandler,
  readDeadLetter,
} from "@taskscope/taskscope/durable/cloudflare-queues";
import type { QueueBatchLike, QueueLike } from "@taskscope/taskscope/durable/cloudflare-queues";
import { scoped, TraceParent } from "@taskscope/taskscope/http";
import type { WaitUntilHost } from "@taskscope/taskscope/cloudflare";
import { z } from "zod";

export { RecordsObject } from "@taskscope/taskscope/durable/cloudflare-queues";

interface Env {
  readonly QUEUE: QueueLike;
  readonly PLAIN: QueueLike;
  readonly DEAD: QueueLike;
  readonly KV: KvNamespaceLike;
}

const again = { minTimeout: 1_000, jitter: 0 };
const transcode = defineTask("transcode", z.object({ file: z.string() }), (scope, { file }, { attempt }) => {
  return { url: `/videos/${file}`, attempt, traceId: scope.get(TraceParent)?.traceId };
});
const flaky = defineTask("flaky", z.object({ failures: z.int() }), (_scope, { failures }, { attempt }) => {
  if (attempt <= failures) throw new Error(`attempt ${attempt} of ${failures} that fail`);
  return { attempt };
}, again);
const stubborn = defineTask("stubborn", z.object({}), (_scope, _input, { attempt }) => {
  throw new Error(`attempt ${attempt} failed`);
}, { maxAttempts: 5, minTimeout: 0, maxTimeout: 0 });
const long = defineTask("long", z.object({ ms: z.int() }), async (scope, { ms }, run) => {
  const started = await run.once("started", () => Date.now());
  await scope.sleep(Math.max(0, started + ms - Date.now()));
  return { attempt: run.attempt };
});
const tasks: Record<string, AnyDurableTask> = { transcode, flaky, stubborn, long };
const all = Object.values(tasks);

function engineOf({ QUEUE, DEAD, KV }: Env) {
  return cloudflareQueues(QUEUE, { records: kvRecords(KV), deadLetters: DEAD });
}

/** Without a place of its own for dead letters: Cloudflare moves them. */
function plainEngineOf({ PLAIN, KV }: Env) {
  return cloudflareQueues(PLAIN, { records: kvRecords(KV) });
}

const quiet = { onEnd() {}, poll: 100 };
const queue = queueHandler(all, engineOf, { ...quiet, grace: 500, limits: { queue: 4_500 } });
const plain = queueHandler(all, plainEngineOf, quiet);

const app = scoped<[Env, WaitUntilHost]>(async (request, scope, env) => {
  const { pathname, searchParams } = new URL(request.url);
  const engine = engineOf(env);
  const what = pathname.slice(1);
  const id = searchParams.get("id") ?? "";
  if (what === "ending") return Response.json(JSON.parse(await engine.records?.get(`taskscope:end:${id}`) ?? "null"));
  if (what === "record") return Response.json(await engine.records?.get(id) ?? null);
  if (what === "dead") return Response.json(JSON.parse(await env.KV.get(`dead:${id}`) ?? "null"));
  if (what === "cancel") return Response.json(await cancelTask(engine, id, { reason: "no longer needed" }));
  const body = await request.json();
  if (what === "send") return Response.json(await (id === "plain" ? env.PLAIN : env.QUEUE).send(body.text) ?? null);
  const { task, input, key, onExceed } = body as { task: string; input: unknown; key?: string; onExceed: never };
  try {
    const options = { deadline: { minutes: 10 }, key, onExceed, engine: handoffTo(engine) };
    const handle = scope.spawnDetached(tasks[task] ?? transcode, input, options);
    const { where } = handle;
    return Response.json({ where, id: where === "handed-off" ? await handle.id : undefined });
  } catch (error) {
    if (error instanceof LifetimeLimitError) return Response.json({ error: `${error}` }, { status: 409 });
    throw error;
  }
});

export type Ending = TaskEnding<unknown>;

export default {
  fetch: app,
  async queue(batch: QueueBatchLike & { queue: string }, env: Env, ctx: WaitUntilHost): Promise<void> {
    if (batch.queue === "QUEUE") return await queue(batch, env, ctx);
    if (batch.queue === "PLAIN") return await plain(batch, env, ctx);
    for (const message of batch.messages) {
      const letter = readDeadLetter(message);
      await env.KV.put(`dead:${letter.id}`, JSON.stringify(letter));
    }
  },
};
