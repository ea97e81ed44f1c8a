/** Operations that are handed off: two processes with one store, here two `Operations`. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { TaskScope } from "@taskscope/taskscope";
import {
  type AnyDurableTask,
  defineTask,
  type Engine,
  handoffOperation,
  handoffTo,
  Receiver,
  type Verdict,
} from "@taskscope/taskscope/durable";
import { memoryStore, type Operation, Operations, type OperationStore } from "@taskscope/taskscope/operations";
import { z } from "zod";
import { Bench } from "./bench.ts";

const input = z.object({ file: z.string() });

/** A front that accepts, and what a worker in another process has. */
class Office {
  readonly bench = new Bench();
  readonly front: Operations;
  readonly back: Operations;
  readonly errors: unknown[] = [];

  constructor(readonly store: OperationStore = memoryStore()) {
    const options = { store, poll: 5, onError: (error: unknown) => void this.errors.push(error) };
    this.front = new Operations(options);
    this.back = new Operations(options);
  }

  post(task: AnyDurableTask, body: unknown, engine: Engine = this.bench.engine, key?: string) {
    const headers = { "content-type": "application/json", ...key === undefined ? {} : { "idempotency-key": key } };
    const request = new Request("http://localhost/videos", { method: "POST", headers, body: JSON.stringify(body) });
    return TaskScope.run(
      (scope) => handoffOperation(this.front, scope, task, { request, deadline: { minutes: 10 } }),
      { context: [handoffTo(engine)] },
    );
  }

  async call(location: string | null, method = "GET", query = ""): Promise<{ status: number; operation: Operation }> {
    const response = await this.front.handle(new Request(`http://localhost${location}${query}`, { method }));
    assert(response);
    return { status: response.status, operation: await response.json() };
  }

  async until(location: string | null, test: (operation: Operation) => boolean): Promise<Operation> {
    for (;;) {
      const { operation } = await this.call(location, "GET", "?wait=100ms");
      if (test(operation)) return operation;
    }
  }
}

Deno.test("an operation that is handed off: queued, running with progress, succeeded, all seen from another process", async () => {
  const office = new Office();
  await using bench = office.bench;
  const gate = Promise.withResolvers<void>();
  const task = defineTask("transcode", input, async (_scope, { file }, run) => {
    run.progress(0.4, "second pass");
    await gate.promise;
    return { url: `/videos/${file}` };
  });
  const accepted = await office.post(task, { file: "a.mp4" });
  const location = accepted.headers.get("location");
  assertEquals([accepted.status, (await accepted.json()).state], [202, "queued"]);
  bench.worker([task], { operations: office.back });
  const running = await office.until(location, ({ progress }) => progress !== undefined);
  assertEquals([running.state, running.name, running.progress], [
    "running",
    "transcode",
    { fraction: 0.4, message: "second pass" },
  ]);
  gate.resolve();
  const { state, result } = await office.until(location, ({ endedAt }) => endedAt !== undefined);
  assertEquals([state, result], ["succeeded", { url: "/videos/a.mp4" }]);
});

for (const atomic of [true, false]) {
  Deno.test(`DELETE cancels an operation that a worker runs (a store that is ${atomic ? "" : "not "}atomic)`, async () => {
    const office = new Office({ ...memoryStoreOf(), atomic });
    await using bench = office.bench;
    const began = Promise.withResolvers<void>();
    const task = defineTask("transcode", input, async (scope) => {
      began.resolve();
      await scope.sleep(60_000);
    });
    bench.worker([task], { operations: office.back });
    const location = (await office.post(task, { file: "a.mp4" })).headers.get("location");
    await began.promise;
    assertEquals((await office.call(location, "DELETE")).status, 202);
    assertEquals((await office.until(location, ({ endedAt }) => endedAt !== undefined)).state, "canceled");
    const [ending] = await bench.ended(1);
    assertEquals(ending?.state, "canceled");
  });
}

Deno.test("DELETE of an operation that still waits in the queue: it never runs", async () => {
  const office = new Office();
  await using bench = office.bench;
  let calls = 0;
  const task = defineTask("transcode", input, () => void calls++);
  const location = (await office.post(task, { file: "a.mp4" })).headers.get("location");
  await office.call(location, "DELETE");
  bench.worker([task], { operations: office.back });
  const { state } = await office.until(location, ({ endedAt }) => endedAt !== undefined);
  assertEquals([state, calls], ["canceled", 0]);
});

Deno.test("an operation whose worker dies goes on in another one; one that fails is failed after its last attempt", async () => {
  const office = new Office();
  await using bench = office.bench;
  const dying = bench.engine.connect();
  const began = Promise.withResolvers<void>();
  const task = defineTask("transcode", input, async (scope, _input, { attempt }) => {
    began.resolve();
    if (attempt === 1) await scope.sleep(60_000);
    throw new Error(`boom ${attempt}`);
  }, { maxAttempts: 3, minTimeout: 1, maxTimeout: 1 });
  bench.worker([task], { operations: office.back, lease: 20, grace: 0 }, dying);
  const location = (await office.post(task, { file: "a.mp4" })).headers.get("location");
  await began.promise;
  dying.crash();
  bench.worker([task], { operations: office.back, lease: 20 });
  const { state, error } = await office.until(location, ({ endedAt }) => endedAt !== undefined);
  assert(state === "failed" && /boom [23]/.test(error?.message ?? ""), `${state}: ${error?.message}`);
});

Deno.test("bad input is answered 400 and hands nothing off; the same Idempotency-Key gives the same operation", async () => {
  const office = new Office();
  await using bench = office.bench;
  let calls = 0;
  const task = defineTask("transcode", input, () => void calls++);
  assertEquals((await office.post(task, { file: 5 })).status, 400);
  const first = await office.post(task, { file: "a.mp4" }, bench.engine, "k");
  const second = await office.post(task, { file: "a.mp4" }, bench.engine, "k");
  assertEquals(first.headers.get("location"), second.headers.get("location"));
  assertEquals(second.headers.get("idempotency-replayed"), "true");
  bench.worker([task], { operations: office.back });
  await bench.ended(1);
  assertEquals(calls, 1);
});

Deno.test("an engine that does not take it: no operation is left", async () => {
  const store = memoryStore();
  const office = new Office(store);
  await using _bench = office.bench;
  const task = defineTask("transcode", input, () => {});
  const engine: Engine = { name: "down", enqueue: () => Promise.reject(new Error("down")) };
  await assertRejects(() => office.post(task, { file: "a.mp4" }, engine), Error, "down");
  assertEquals(await store.count(), 0);
});

Deno.test("an operation that the worker does not know how to do fails, and says why", async () => {
  const office = new Office();
  await using bench = office.bench;
  const task = defineTask("transcode", input, () => {});
  const location = (await office.post(task, { file: "a.mp4" })).headers.get("location");
  bench.worker([], { operations: office.back });
  const { state, error } = await office.until(location, ({ endedAt }) => endedAt !== undefined);
  assertEquals([state, error?.message], ["failed", 'There is no task "transcode" here, the worker knows none']);
});

Deno.test("a worker without operations cannot do one: dead, with the reason", async () => {
  const office = new Office();
  await using bench = office.bench;
  const task = defineTask("transcode", input, () => {});
  await office.post(task, { file: "a.mp4" });
  bench.worker([task]);
  const [ending] = await bench.ended(1);
  assertEquals([ending?.state, ending?.error?.message], [
    "dead",
    "It is an operation, and the worker was not given `operations`",
  ]);
});

function memoryStoreOf(store = memoryStore()): OperationStore {
  return {
    atomic: store.atomic,
    get: (key) => store.get(key),
    create: (key, entry) => store.create(key, entry),
    compareAndSet: (key, version, entry) => store.compareAndSet(key, version, entry),
    delete: (key) => store.delete(key),
    count: (group) => store.count(group),
    list: () => store.list(),
  };
}

Deno.test("a store of operations that is down for a moment costs no attempt", async () => {
  const store = memoryStore();
  let isUp = true;
  const flaky: OperationStore = {
    ...memoryStoreOf(store),
    get: (key) => isUp ? store.get(key) : Promise.reject(new Error("down")),
  };
  const office = new Office(flaky);
  await using bench = office.bench;
  const attempts: number[] = [];
  const task = defineTask("transcode", input, (_scope, _input, { attempt }) => void attempts.push(attempt));
  await office.post(task, { file: "a.mp4" });
  isUp = false;
  bench.worker([task], { operations: office.back });
  while (bench.errors.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  isUp = true;
  const [ending] = await bench.ended(1);
  assertEquals([ending?.state, attempts], ["succeeded", [1]]);
});

Deno.test("handoffOperation() refuses what is wrong, and takes an input that was read already", async () => {
  const office = new Office();
  await using bench = office.bench;
  const task = defineTask("transcode", input, (_scope, { file }) => file);
  const request = new Request("http://localhost/videos", { method: "POST" });
  const options = { request, deadline: 60_000, engine: bench.engine };
  bench.worker([task], { operations: office.back });
  await TaskScope.run(async (scope) => {
    const start = (...[operations, given, more]: unknown[]) =>
      handoffOperation(operations as Operations, scope, given as AnyDurableTask, { ...options, ...more as object });
    await assertRejects(() => start({}, task), TypeError, "operations are needed");
    await assertRejects(() => start(office.front, {}), TypeError, "defineTask()");
    await assertRejects(() => start(office.front, task, { nope: 1 }), TypeError, "nope");
    await assertRejects(() => start(office.front, task, { request: {} }), TypeError, "request");
    await assertRejects(() => start(office.front, task, { deadline: "soon" }), TypeError, "deadline");
    const accepted = await start(office.front, task, { value: { file: "b.mp4" }, inheritDeadline: true });
    const { state, result, deadline } = await office.until(
      accepted.headers.get("location"),
      ({ endedAt }) => endedAt !== undefined,
    );
    assertEquals([state, result, deadline], ["succeeded", "b.mp4", scope.deadline?.toISOString()]);
  }, { deadline: 30_000 });
});

Deno.test("an operation whose time is over ends as deadline-exceeded, in the queue and while it runs", async () => {
  const office = new Office();
  await using bench = office.bench;
  const task = defineTask("slow", z.undefined(), async (scope, _input, run) => {
    run.progress(2);
    run.progress(NaN, "x".repeat(1_000));
    await scope.sleep(60_000);
  });
  const start = async (deadline: number) => {
    const request = new Request("http://localhost/slow", { method: "POST" });
    const options = { request, deadline, engine: bench.engine };
    return await TaskScope.run((scope) => handoffOperation(office.front, scope, task, options));
  };
  const queued = await start(60);
  const { operation } = await office.call(queued.headers.get("location"));
  while (Date.now() <= Date.parse(operation.deadline)) await new Promise((resolve) => setTimeout(resolve, 5));
  bench.worker([task], { operations: office.back });
  const running = await start(60);
  const endings = [];
  for (const response of [queued, running]) {
    const location = response.headers.get("location");
    endings.push(await office.until(location, ({ endedAt }) => endedAt !== undefined));
  }
  assertEquals(endings.map(({ state }) => state), ["deadline-exceeded", "deadline-exceeded"]);
  assertEquals([endings[1]?.progress?.fraction, endings[1]?.progress?.message?.length], [0, 500]);
  assertEquals(endings.map(({ error }) => [error?.name, error?.kind]), Array(2).fill(["TimeoutError", undefined]));
  assertEquals(bench.endings.map(({ state, error }) => [state, error?.kind]), [
    ["dropped", undefined],
    ["failed", "deadline"],
  ]);
  assertEquals(office.errors.length, 2);
});

/** A message of an operation, and receivers that get it one after the other, as it happens when workers die. */
async function handedOff(office: Office, task: AnyDurableTask): Promise<{ location: string | null; body: string }> {
  const bodies: string[] = [];
  const engine: Engine = { name: "spy", enqueue: (message) => (bodies.push(message.body), Promise.resolve("m")) };
  const location = (await office.post(task, { file: "a.mp4" }, engine)).headers.get("location");
  return { location, body: bodies[0] ?? "" };
}

for (
  const [how, fn, states] of [
    ["succeeded", () => 7, ["succeeded", "succeeded"]],
    ["failed", () => Promise.reject(new Error("boom")), ["failed", "failed"]],
  ] as const
) {
  Deno.test(`a worker that dies between the two writings of an end: the ledger tells what the operation does (${how})`, async () => {
    const office = new Office();
    await using bench = office.bench;
    let calls = 0;
    const task = defineTask("transcode", input, () => (calls++, fn()), { maxAttempts: 1 });
    const { location, body } = await handedOff(office, task);
    const { records: _, ...bare } = bench.engine; // it died before it could write there
    const first = new Receiver([task], bare, { operations: office.back, onEnd() {} });
    await first.receive({ id: "m", body, attempt: 1 });
    const second = new Receiver([task], bench.engine, {
      operations: office.back,
      onEnd: (ending) => bench.endings.push(ending),
    });
    const verdict = await second.receive({ id: "m", body, attempt: 2 });
    const { operation } = await office.call(location);
    const [ending] = bench.endings;
    assertEquals([operation.state, ending?.state, calls], [...states, 1]);
    assertEquals([ending?.result, ending?.error?.message], [operation.result, operation.error?.message]);
    assertEquals(verdict.kind, how === "failed" ? "dead" : "done");
    await Promise.all([first.close(), second.close()]);
  });
}

Deno.test("a store of operations that is down at the end: the ledger has it, and it is brought there without another run", async () => {
  using time = new FakeTime();
  const store = memoryStore();
  let isUp = true;
  const office = new Office({
    ...memoryStoreOf(store),
    compareAndSet: (...args) => isUp ? store.compareAndSet(...args) : Promise.reject(new Error("down")),
  });
  const { bench } = office;
  let calls = 0;
  const task = defineTask("transcode", input, () => {
    calls++;
    isUp = false;
    return 7;
  });
  const { location, body } = await handedOff(office, task);
  const receiver = new Receiver([task], bench.engine, {
    operations: office.back,
    onEnd: (ending) => bench.endings.push(ending),
    onError: (error) => bench.errors.push(error),
  });
  const verdicts: Verdict[] = [];
  for (const attempt of [1, 2]) {
    receiver.receive({ id: "m", body, attempt }).then((verdict) => verdicts.push(verdict));
    while (verdicts.length < attempt) await time.tickAsync(1_000);
    isUp = true;
  }
  const { operation } = await office.call(location);
  assertEquals(verdicts.map(({ kind }) => kind), ["retry", "done"]);
  assertEquals([operation.state, operation.result, calls], ["succeeded", 7, 1]);
  assertEquals(bench.endings.map(({ state, result }) => [state, result]), [["succeeded", 7]]);
  await receiver.close();
});

Deno.test("an error that is called TimeoutError, as that of fetch, is not the deadline of the operation", async () => {
  const office = new Office();
  await using bench = office.bench;
  const timeout = new DOMException("Signal timed out", "TimeoutError");
  const task = defineTask("transcode", input, () => Promise.reject(timeout), { maxAttempts: 1 });
  bench.worker([task], { operations: office.back });
  const location = (await office.post(task, { file: "a.mp4" })).headers.get("location");
  const { state, error } = await office.until(location, ({ endedAt }) => endedAt !== undefined);
  assertEquals([state, error?.name, (await bench.ended(1))[0]?.state], ["failed", "TimeoutError", "failed"]);
});

Deno.test("a message does not end an operation of another name", async () => {
  const office = new Office();
  await using bench = office.bench;
  const task = defineTask("transcode", input, () => {});
  const other = defineTask("other", z.any(), () => "hijacked");
  const { location, body } = await handedOff(office, task);
  const receiver = new Receiver([task, other], bench.engine, { operations: office.back, onEnd() {} });
  const verdict = await receiver.receive({
    id: "m",
    body: JSON.stringify({ ...JSON.parse(body), task: "other" }),
    attempt: 1,
  });
  assertEquals(verdict, { kind: "dead", reason: 'Its operation is "transcode", not "other"' });
  assertEquals((await office.call(location)).operation.state, "queued");
  await receiver.close();
});

Deno.test("a store of operations that is down for minutes costs no attempt: the message is given back, and not at once", async () => {
  using time = new FakeTime();
  const store = memoryStore();
  let isUp = true;
  let looks = 0;
  const get = (key: string) => (looks++, isUp ? store.get(key) : Promise.reject(new Error("down")));
  const office = new Office({ ...memoryStoreOf(store), get });
  const { bench } = office;
  const attempts: number[] = [];
  const task = defineTask("transcode", input, (_scope, _input, run) => void attempts.push(run.attempt), {
    maxAttempts: 1,
  });
  await office.post(task, { file: "a.mp4" });
  isUp = false;
  const consumer = bench.worker([task], { operations: office.back });
  for (let i = 0; i < 200; i++) await time.tickAsync(1_000);
  assertEquals([bench.endings, consumer.counters.retried], [[], 0]);
  assert(consumer.counters.givenBack >= 4 && looks < 400, `${consumer.counters.givenBack}, ${looks}`);
  isUp = true;
  for (let i = 0; i < 10; i++) await time.tickAsync(1_000);
  assertEquals([bench.endings.map(({ state }) => state), attempts], [["succeeded"], [1]]);
  const stopping = consumer.stop();
  await time.tickAsync(1_000);
  await stopping;
});

Deno.test("an input of a client that cannot be a message is answered as its mistake, and leaves nothing behind", async () => {
  const office = new Office();
  await using bench = office.bench;
  const task = defineTask("any", z.any(), () => {});
  const deep = JSON.parse("[".repeat(600) + "]".repeat(600));
  const small: Engine = { name: "small", maxBytes: 1_000, enqueue: (message) => bench.engine.enqueue(message) };
  for (
    const [body, engine, status, detail] of [
      [deep, bench.engine, 400, "nested deeper than 500"],
      [{ ["k".repeat(900)]: deep }, bench.engine, 400, "The input cannot be handed off: input.kkk"],
      ["x".repeat(2_000), small, 413, "small takes at most 1000"],
    ] as const
  ) {
    for (const key of [undefined, crypto.randomUUID()]) {
      const response = await office.post(task, body, engine, key);
      const problem = await response.json();
      assertEquals([response.status, problem.detail?.includes(detail)], [status, true], problem.detail);
      assert(problem.detail.length <= 300);
    }
  }
  assertEquals([await office.store.count(), office.errors], [0, []]);
});
