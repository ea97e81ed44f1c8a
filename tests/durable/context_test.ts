/** What goes along with a task that is handed off, and what does not. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type ContextBinding, contextKey, TaskScope } from "@taskscope/taskscope";
import {
  defineTask,
  type Engine,
  handoffTo,
  inProcessEngine,
  Receiver,
  transferable,
} from "@taskscope/taskscope/durable";
import { parseTraceParent, TraceParent } from "@taskscope/taskscope/http";
import { z } from "zod";
import { Bench } from "./bench.ts";

const TEN = { deadline: { minutes: 10 } };
const HANDOFF = { ...TEN, onExceed: "handoff" } as const;
const Tenant = contextKey<string>("tenant");
const Secret = contextKey<string>("secret");
const host = { waitUntil() {}, deadline: new Date(Date.now() + 30_000) };
const header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

function trace(): ContextBinding {
  const parsed = parseTraceParent(header);
  assert(parsed);
  return TraceParent.with(parsed);
}

Deno.test("context values given to spawnDetached() go along as those of the scope do, the declared ones only", async () => {
  const bodies: string[] = [];
  const engine: Engine = { name: "spy", enqueue: ({ body }) => (bodies.push(body), Promise.resolve("1")) };
  const task = defineTask("t", z.null(), () => {}, { context: [transferable(Tenant)] });
  await TaskScope.run(async (scope) => {
    const context = [Tenant.with("its own"), Secret.with("s3cret"), trace(), handoffTo(engine)];
    const handle = scope.spawnDetached(task, null, { ...HANDOFF, context });
    assert(handle.where === "handed-off");
    await handle.accepted;
  }, { lifetime: host, context: [Tenant.with("the scope's"), Secret.with("s3cret too")] });
  const { context, traceparent } = JSON.parse(bodies[0] ?? "");
  assertEquals([context, traceparent], [{ tenant: "its own" }, header]);
  assert(!bodies[0]?.includes("s3cret"), bodies[0]);
});

Deno.test("neither baggage nor an undeclared value is in the message, nor in what is kept of the task", async () => {
  await using bench = new Bench();
  const Baggage = contextKey<string>("baggage");
  const bodies: string[] = [];
  const kept: string[] = [];
  const { records } = bench.engine;
  const engine = {
    ...bench.engine,
    enqueue: (message) => (bodies.push(message.body), bench.engine.enqueue(message)),
    records: { ...records, set: (...args) => (kept.push(args[1]), records.set(...args)) },
  } satisfies Engine;
  const task = defineTask("t", z.null(), (scope) => {
    assertEquals([scope.get(Secret), scope.get(Baggage), scope.get(TraceParent)?.parentId], [
      undefined,
      undefined,
      "b7ad6b7169203331",
    ]);
  });
  bench.worker([task], {}, engine);
  await TaskScope.run((scope) => scope.handoff(task, null, { ...TEN, engine }).outcome(scope), {
    context: [Secret.with("s3cret"), Baggage.with("user=s3cret"), trace()],
  });
  assertEquals([bench.endings[0]?.state, bodies.length], ["succeeded", 1]);
  assert(![...bodies, ...kept].some((text) => text.includes("s3cret")));
});

Deno.test("a schema of a context value that rejects is refused here and there, and no rejection goes unhandled", async () => {
  const validate = () => Promise.reject(new Error("no database"));
  const schema = { "~standard": { version: 1 as const, vendor: "mine", validate } };
  const task = defineTask("t", z.null(), () => {}, { context: [transferable(Tenant, { schema })] });
  const engine = inProcessEngine();
  await TaskScope.run((scope) => {
    assertThrows(() => scope.handoff(task, null, TEN), TypeError, "context.tenant: its schema is asynchronous");
  }, { context: [handoffTo(engine), Tenant.with("acme")] });
  const receiver = new Receiver([task], engine, { onEnd() {} });
  const now = Date.now();
  const base = { v: 1, task: "t", input: null, key: "k", attempt: 1, context: { tenant: "acme" } };
  const body = JSON.stringify({ ...base, deadline: now + 60_000, enqueuedAt: now });
  const verdict = await receiver.receive({ id: "1", body, attempt: 1 });
  assertEquals(verdict, { kind: "dead", reason: "context.tenant: its schema is asynchronous" });
  await new Promise((resolve) => setTimeout(resolve, 0));
  await receiver.close();
});

Deno.test("a schema that answers with a promise of another kind is waited for", async () => {
  const validate = (value: unknown) => ({
    then: (resolve: (result: unknown) => void) => resolve(value === 1 ? { value } : { issues: [{ message: "no" }] }),
  });
  const schema = { "~standard": { version: 1 as const, vendor: "odd", validate: validate as never } };
  const task = defineTask<number, number, number>("t", schema, (_scope, n) => n);
  await TaskScope.run(async (scope) => {
    const [good, bad] = [scope.spawnDetached(task, 1, TEN), scope.spawnDetached(task, 2, TEN)];
    assert(good.where === "local" && bad.where === "local");
    const refused = assertRejects(() => bad, TypeError, "input: no");
    assertEquals(await good, 1);
    await refused;
  });
});

Deno.test("a task that runs here has name, deadline, context and the declared attempts; clamp makes its time shorter", async () => {
  const seen: unknown[] = [];
  const task = defineTask("local", z.null(), (scope, _input, run) => {
    seen.push(run.attempt, scope.get(Tenant), scope.get(Secret));
    if (run.attempt < 2) throw new Error("again");
    return scope.deadline?.getTime();
  }, { minTimeout: 1, maxAttempts: 2 });
  await TaskScope.run(async (scope) => {
    const context = [Tenant.with("its own")];
    const handle = scope.spawnDetached(task, null, { ...TEN, onExceed: "clamp", context });
    assert(handle.where === "local");
    assertEquals([handle.name, handle.clamped, handle.deadline.getTime()], ["local", true, +host.deadline - 1_000]);
    assertEquals([await handle, seen], [+host.deadline - 1_000, [1, "its own", "here", 2, "its own", "here"]]);
  }, { lifetime: host, context: [Secret.with("here")] });
});
