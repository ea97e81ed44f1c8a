/** The side of the worker. */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { stub } from "@std/testing/mock";
import { FakeTime } from "@std/testing/time";
import { type CancelReason, contextKey, TaskScope } from "@taskscope/taskscope";
import {
  defineTask,
  type Engine,
  handoffTo,
  inProcessEngine,
  type Message,
  Receiver,
  type Records,
  type TaskWorker,
  transferable,
  worker,
} from "@taskscope/taskscope/durable";
import { parseTraceParent, TraceParent } from "@taskscope/taskscope/http";
import { z } from "zod";
import { Bench } from "./bench.ts";

const TEN = { deadline: { minutes: 10 } };
const ATTEMPTS = { minTimeout: 1, maxTimeout: 2 };

Deno.test("a task that is handed off runs in a worker: deadline, context values and trace are the producer's", async () => {
  await using bench = new Bench();
  const Tenant = contextKey<string>("tenant");
  const Secret = contextKey<string>("secret");
  const seen: unknown[] = [];
  const task = defineTask("look", z.object({ n: z.int() }), (scope, { n }, run) => {
    seen.push(scope.get(Tenant), scope.get(Secret), scope.get(TraceParent)?.traceId, scope.deadline?.getTime());
    assertStrictEquals(scope as unknown, run as unknown);
    return { n: n + 1 };
  }, { context: [transferable(Tenant)] });
  bench.worker([task]);
  const trace = parseTraceParent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  assert(trace);
  const began = Date.now();
  const deadline = new Date(began + 600_000);
  const { handle, ending } = await TaskScope.run(async (scope) => {
    const handle = scope.handoff(task, { n: 1 }, { deadline });
    return { handle, ending: await handle.outcome(scope) };
  }, {
    context: [handoffTo(bench.engine), Tenant.with("acme"), Secret.with("s3cret"), TraceParent.with(trace)],
  });
  assertEquals([handle.where, handle.engine, handle.name], ["handed-off", "in-process", "look"]);
  assertEquals([ending.state, ending.result, ending.id, ending.attempt], ["succeeded", { n: 2 }, await handle.id, 1]);
  const at = seen.pop() as number;
  const off = at - deadline.getTime(); // the time between the call and the queue, at most
  assert(off >= -1 && off <= Date.now() - began, `off by ${off} ms`);
  assertEquals(seen, ["acme", undefined, "0af7651916cd43dd8448eb211c80319c"]);
});

Deno.test("a task that fails is tried again, and is a dead letter with its last error after maxAttempts", async () => {
  await using bench = new Bench();
  const attempts: number[] = [];
  const task = defineTask("fails", z.string(), (_scope, _input, { attempt }) => {
    attempts.push(attempt);
    throw new Error(`boom ${attempt}`);
  }, { maxAttempts: 3, ...ATTEMPTS });
  const worker = bench.worker([task]);
  await bench.scope((scope) => void scope.handoff(task, "a", TEN));
  const [ending] = await bench.ended(1);
  assertEquals([attempts, ending?.state, ending?.error?.message], [[1, 2, 3], "failed", "boom 3"]);
  await worker.stop();
  const [letter] = await Array.fromAsync(bench.engine.deadLetters());
  assertEquals([letter?.id, letter?.reason], [ending?.id, "It failed in attempt 3: Error: boom 3"]);
});

Deno.test("a deadline that passes in the queue: the task is dropped, its function is not called, and that is told", async () => {
  using time = new FakeTime();
  const bench = new Bench();
  let calls = 0;
  const task = defineTask("late", z.null(), () => void calls++);
  await settle(time, bench.scope((scope) => void scope.handoff(task, null, { deadline: 1_000 })));
  await time.tickAsync(1_500);
  bench.worker([task]);
  const [ending] = await settle(time, bench.ended(1));
  assertEquals([ending?.state, ending?.task, calls], ["dropped", "late", 0]);
  assert(ending?.error?.message.includes("passed 500 ms before"), ending?.error?.message);
  await settle(time, bench[Symbol.asyncDispose]());
  assertEquals(await settle(time, Array.fromAsync(bench.engine.deadLetters())), []);
});

for (const skew of [-60_000, 60_000]) {
  Deno.test(`a worker whose clock is off by ${skew / 1_000} s gives a task the time it was handed off with`, async () => {
    using time = new FakeTime();
    const bench = new Bench();
    const seen: number[] = [];
    const task = defineTask("skewed", z.null(), (scope) => void seen.push(scope.remaining()));
    // The producer's clock: what the envelope says is moved against that of the worker and the engine.
    const skewed = {
      ...bench.engine,
      enqueue: ({ key, body, deadline }: Message) => {
        const envelope = JSON.parse(body);
        const moved = { deadline: envelope.deadline + skew, enqueuedAt: envelope.enqueuedAt + skew };
        return bench.engine.enqueue({ key, body: JSON.stringify({ ...envelope, ...moved }), deadline });
      },
    };
    await settle(
      time,
      TaskScope.run((scope) => void scope.handoff(task, null, { deadline: 30_000, engine: skewed })),
    );
    await time.tickAsync(10_000);
    bench.worker([task]);
    const [ending] = await settle(time, bench.ended(1));
    await settle(time, bench[Symbol.asyncDispose]());
    assertEquals([ending?.state, seen], ["succeeded", [20_000]]);
  });
}

Deno.test("an engine that cannot tell how long a message waited: the worker's own clock counts", async () => {
  using time = new FakeTime();
  const bench = new Bench();
  const seen: number[] = [];
  const task = defineTask("own-clock", z.null(), (scope) => void seen.push(scope.remaining()));
  const receiver = new Receiver([task], bench.engine);
  const now = Date.now();
  const base = { v: 1, task: "own-clock", input: null, key: "k", attempt: 1, context: {} };
  const body = JSON.stringify({ ...base, deadline: now + 5_000, enqueuedAt: now - 60_000 });
  assertEquals(await settle(time, receiver.receive({ id: "1", body, attempt: 1 })), { kind: "done" });
  assertEquals(seen, [5_000]);
  await settle(time, receiver.close());
});

Deno.test("a deadline that passes while it runs is the end: failed, and not tried again", async () => {
  await using bench = new Bench();
  let calls = 0;
  const task = defineTask("slow", z.null(), (scope) => (calls++, scope.sleep(60_000)));
  const worker = bench.worker([task]);
  await bench.scope((scope) => void scope.handoff(task, null, { deadline: 40 }));
  const [ending] = await bench.ended(1);
  assertEquals([ending?.state, ending?.error?.name, calls], ["failed", "TimeoutError", 1]);
  await worker.stop();
  assertEquals((await Array.fromAsync(bench.engine.deadLetters())).length, 1);
});

Deno.test("no attempt is made that could not begin before the deadline", async () => {
  await using bench = new Bench();
  const task = defineTask("fails", z.null(), () => Promise.reject(new Error("boom")), {
    minTimeout: 60_000,
    jitter: 0,
  });
  bench.worker([task]);
  await bench.scope((scope) => void scope.handoff(task, null, { deadline: 30_000 }));
  const [ending] = await bench.ended(1);
  assertEquals([ending?.state, ending?.attempt, ending?.error?.message], ["failed", 1, "boom"]);
});

Deno.test("what is not worth another attempt fails at once; an isRetriable that throws counts as yes", async () => {
  await using bench = new Bench();
  const never = defineTask("never", z.null(), () => Promise.reject(new Error("404")), { isRetriable: () => false });
  const odd = defineTask("odd", z.null(), () => Promise.reject(new Error("boom")), {
    maxAttempts: 2,
    ...ATTEMPTS,
    isRetriable: () => {
      throw new Error("odd");
    },
  });
  bench.worker([never, odd]);
  await bench.scope((scope) => {
    scope.handoff(never, null, TEN);
    scope.handoff(odd, null, TEN);
  });
  const endings = await bench.ended(2);
  assertEquals(endings.map(({ task, attempt }) => [task, attempt]).sort(), [["never", 1], ["odd", 2]]);
});

Deno.test("the waits between attempts have full jitter and a bound, and are told", async () => {
  await using bench = new Bench();
  const task = defineTask("fails", z.null(), () => Promise.reject(new Error("boom")), {
    maxAttempts: 8,
    minTimeout: 2,
    maxTimeout: 8,
  });
  const delays: number[] = [];
  bench.worker([task], { onRetry: ({ delay }) => delays.push(delay) });
  await bench.scope((scope) => void scope.handoff(task, null, TEN));
  await bench.ended(1);
  assertEquals(delays.length, 7);
  delays.forEach((delay, index) => assert(delay >= 0 && delay <= Math.min(8, 2 ** (index + 1)), `${delays}`));
});

Deno.test("what can never be processed is dead at its first delivery, with the reason", async () => {
  await using bench = new Bench();
  const v1 = defineTask("resize", z.object({ width: z.int() }), () => {});
  const v2 = defineTask("resize", z.object({ width: z.int(), height: z.int() }), () => {});
  const gone = defineTask("gone", z.null(), () => {});
  await bench.scope((scope) => {
    scope.handoff(v1, { width: 1 }, TEN); // schema changed in between
    scope.handoff(gone, null, TEN); // unknown
  });
  const deadline = new Date(Date.now() + 60_000);
  await bench.engine.enqueue({ key: "json", body: "{oops", deadline });
  await bench.engine.enqueue({ key: "v", body: '{"v":2}', deadline });
  const worker = bench.worker([v2]);
  await bench.ended(4);
  await worker.stop();
  const reasons = (await Array.fromAsync(bench.engine.deadLetters())).map(({ reason }) => reason).sort();
  assertEquals(reasons.map((reason) => reason.split(":")[0]), [
    'Cannot run the task "resize"',
    "The envelope has version 2, only 1 is known here",
    "The message is not JSON",
    'There is no task "gone" here, the worker knows resize',
  ]);
  assert(reasons[0]?.includes("input.height: "), reasons[0]);
  assertEquals(bench.endings.map(({ state }) => state), ["dead", "dead", "dead", "dead"]);
  assertEquals(worker.counters.dead, 4);
});

Deno.test("a context value that the worker's schema refuses is dead, one it does not know is left out", async () => {
  await using bench = new Bench();
  const Tenant = contextKey<unknown>("tenant");
  const Extra = contextKey<string>("extra");
  const producer = defineTask("t", z.null(), () => {}, { context: [transferable(Tenant), transferable(Extra)] });
  const seen: unknown[] = [];
  const consumer = defineTask("t", z.null(), (scope) => void seen.push(scope.get(Tenant), scope.get(Extra)), {
    context: [transferable(Tenant, { schema: z.string() })],
  });
  bench.worker([consumer]);
  for (const tenant of ["acme", 7]) {
    await TaskScope.run((scope) => void scope.handoff(producer, null, TEN), {
      context: [handoffTo(bench.engine), Tenant.with(tenant), Extra.with("x")],
    });
    await bench.ended(bench.endings.length + 1);
  }
  assertEquals(bench.endings.map(({ state, error }) => [state, error?.message.slice(0, 15)]), [
    ["succeeded", undefined],
    ["dead", "context.tenant:"],
  ]);
  assertEquals(seen, ["acme", undefined]);
});

Deno.test("a poison message, which ends every worker that takes it, is dead after maxAttempts", async () => {
  await using bench = new Bench();
  let calls = 0;
  const poison = defineTask("poison", z.null(), async (scope) => {
    calls++;
    engine.crash();
    await scope.sleep(60_000);
  }, { maxAttempts: 3 });
  await bench.scope((scope) => scope.handoff(poison, null, TEN).accepted);
  let engine = bench.engine;
  const workers: TaskWorker[] = [];
  while (bench.endings.length === 0) {
    engine = bench.engine.connect();
    const before = calls;
    workers.push(bench.worker([poison], { lease: 20, grace: 0, taskGrace: 0 }, engine));
    while (calls === before && bench.endings.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await workers.at(-1)?.stop();
  const [letter] = await Array.fromAsync(bench.engine.deadLetters());
  assertEquals([calls, letter?.reason], [3, "It was delivered 4 times, and no worker came back from it"]);
  await bench.engine.records.delete("none");
});

Deno.test("a canceled run is told as canceled, and not tried again", async () => {
  await using bench = new Bench();
  const began = Promise.withResolvers<void>();
  let reason: unknown;
  const task = defineTask("long", z.null(), async (scope) => {
    began.resolve();
    await scope.sleep(60_000).catch((error) => {
      reason = error;
      throw error;
    });
  });
  const worker = bench.worker([task]);
  const ending = await bench.scope(async (scope) => {
    const handle = scope.handoff(task, null, TEN);
    await began.promise;
    assertEquals(await handle.cancel("changed my mind"), "requested");
    return await handle.outcome(scope);
  });
  assertEquals([ending.state, ending.error?.kind, (reason as Error).message], [
    ...["canceled", "canceled", "changed my mind"],
  ]);
  await worker.stop();
  assertEquals([worker.counters.canceled, worker.counters.retried], [1, 0]);
  assertEquals(await Array.fromAsync(bench.engine.deadLetters()), []);
});

Deno.test("a wish to cancel that came before the start, where the engine takes nothing out, is found at the start", async () => {
  await using bench = new Bench();
  let calls = 0;
  const task = defineTask("never", z.null(), () => void calls++);
  const { remove: _, ...engine } = bench.engine;
  const ending = await TaskScope.run(async (scope) => {
    const handle = scope.handoff(task, null, { ...TEN, engine });
    await handle.accepted;
    assertEquals(await handle.cancel(), "requested");
    bench.worker([task], {}, engine);
    return await handle.outcome(scope);
  });
  assertEquals([ending.state, calls], ["canceled", 0]);
});

Deno.test("stop() lets what runs finish within grace, and takes nothing more", async () => {
  await using bench = new Bench();
  const gate = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const task = defineTask("finishing", z.int(), async () => {
    began.resolve();
    await gate.promise;
  });
  const worker = bench.worker([task], { concurrency: 1 });
  await bench.scope((scope) => void [1, 2].map((n) => scope.handoff(task, n, TEN)));
  await began.promise;
  const stopping = worker.stop();
  gate.resolve();
  await stopping;
  await worker.stopped;
  assertEquals([worker.counters.succeeded, worker.counters.givenBack, worker.counters.running], [1, 0, 0]);
  bench.worker([task]);
  await bench.ended(2);
});

for (const stubborn of [false, true]) {
  Deno.test(`stop() gives back what it could not finish, ${stubborn ? "also if it ignores it" : "once it has ended"}`, async () => {
    await using bench = new Bench();
    const began = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    let reason: unknown;
    let isSecond = false;
    const task = defineTask("unfinished", z.null(), async (scope) => {
      if (isSecond) return;
      began.resolve();
      if (stubborn) return await gate.promise;
      await scope.sleep(60_000).catch((error) => {
        reason = error;
        throw error;
      });
    });
    const first = bench.worker([task], { grace: 40, taskGrace: 60_000 });
    const handle = await bench.scope((scope) => ({ handle: scope.handoff(task, null, TEN) }));
    await began.promise;
    await first.stop();
    if (!stubborn) assertEquals((reason as CancelReason).kind, "shutdown");
    assertEquals([first.counters.givenBack, bench.endings.length], [1, 0]);
    isSecond = true;
    bench.worker([task]);
    const [ending] = await bench.ended(1);
    assertEquals([ending?.state, ending?.attempt, ending?.id], ["succeeded", 1, await handle.handle.id]);
    gate.resolve();
  });
}

Deno.test("a signal stops it; so does a lifetime that is closing, and that is given what to wait for", async () => {
  await using bench = new Bench();
  const stop = new AbortController();
  const byOwn = bench.worker([], { signal: stop.signal });
  stop.abort();
  await byOwn.stopped;
  const closing = new AbortController();
  const held: Promise<unknown>[] = [];
  const lifetime = { closing: closing.signal, waitUntil: (work: Promise<unknown>) => void held.push(work) };
  const began = Promise.withResolvers<void>();
  const task = defineTask("cut", z.null(), async (scope) => {
    began.resolve();
    await scope.sleep(60_000);
  });
  const byHost = bench.worker([task], { lifetime });
  await bench.scope((scope) => void scope.handoff(task, null, TEN));
  await began.promise;
  closing.abort(new Error("isolate ends"));
  await byHost.stopped;
  assertEquals([held.length, byHost.counters.givenBack], [1, 1]);
});

Deno.test("the lease is extended while a task runs, and a task whose lease is lost is canceled and left to others", async () => {
  using time = new FakeTime();
  const bench = new Bench();
  let isUp = true;
  let extensions = 0;
  const ends: string[] = [];
  const flaky = {
    ...bench.engine,
    consume: (receive, options) =>
      bench.engine.consume((delivery) =>
        receive({
          ...delivery,
          extend: (ms) =>
            isUp ? (extensions++, delivery.extend?.(ms) ?? Promise.resolve()) : Promise.reject(new Error("down")),
        }), options),
  } satisfies Engine;
  const task = defineTask("long", z.null(), (scope) => scope.sleep(100_000).finally(() => ends.push("ended")));
  bench.worker([task], { lease: 9_000, poll: 1e6, concurrency: 1, grace: 0 }, flaky);
  await settle(time, bench.scope((scope) => void scope.handoff(task, null, TEN)));
  await time.tickAsync(1);
  for (let i = 0; i < 30; i++) await time.tickAsync(1_000);
  assert(extensions >= 9 && ends.length === 0, `${extensions} extensions, ${ends}`);
  isUp = false;
  for (let i = 0; i < 10; i++) await time.tickAsync(1_000);
  assertEquals([ends, bench.endings], [["ended"], []]);
  assertEquals(bench.errors.slice(0, 2).map((error) => (error as Error).message), [
    "down",
    "The lease of its message is lost, another worker may have it",
  ]);
  isUp = true;
  await settle(time, bench[Symbol.asyncDispose]());
});

Deno.test("a message that comes again after its task has ended does not run again", async () => {
  await using bench = new Bench();
  let calls = 0;
  const task = defineTask("counted", z.null(), () => void calls++);
  const receiver = new Receiver([task], bench.engine, { onEnd: (ending) => bench.endings.push(ending) });
  const now = Date.now();
  const base = { v: 1, task: "counted", input: null, key: "k", attempt: 1, context: {} };
  const body = JSON.stringify({ ...base, deadline: now + 60_000, enqueuedAt: now });
  const verdicts = [];
  for (const attempt of [1, 2, 9]) verdicts.push(await receiver.receive({ id: "m", body, attempt }));
  assertEquals([verdicts.map(({ kind }) => kind), calls], [["done", "done", "done"], 1]);
  assertEquals([receiver.counters.repeated, bench.endings.length], [2, 1]);
  await receiver.close();
  assertEquals(await receiver.receive({ id: "n", body, attempt: 1 }), { kind: "give-back" });
});

Deno.test("of two workers that run one message, the one that ends first counts, for the engine and for who is told", async () => {
  await using bench = new Bench();
  const gates = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const task = defineTask("raced", z.null(), (_scope, _input, { attempt }) => gates[attempt - 1]?.promise, {
    maxAttempts: 2,
  });
  const receivers = [1, 2].map(() =>
    new Receiver([task], bench.engine, { onEnd: (ending) => bench.endings.push(ending) })
  );
  const now = Date.now();
  const base = { v: 1, task: "raced", input: null, key: "k", attempt: 1, context: {} };
  const body = JSON.stringify({ ...base, deadline: now + 60_000, enqueuedAt: now });
  const verdicts = receivers.map((receiver, index) => receiver.receive({ id: "m", body, attempt: index + 1 }));
  gates[0]?.resolve("first");
  assertEquals(await verdicts[0], { kind: "done" });
  gates[1]?.reject(new Error("too late"));
  assertEquals(await verdicts[1], { kind: "done" }); // no dead letter of what has succeeded
  assertEquals(bench.endings.map(({ state, result }) => [state, result]), [["succeeded", "first"]]);
  assertEquals(receivers.map(({ counters }) => [counters.succeeded, counters.repeated]), [[1, 0], [0, 1]]);
  await Promise.all(receivers.map((receiver) => receiver.close()));
});

Deno.test("records that fail for a moment: the end of a task is written all the same, before the verdict", async () => {
  using time = new FakeTime();
  const bench = new Bench();
  let failures = 3;
  const written: string[] = [];
  const records: Records = {
    ...bench.engine.records,
    get: () => Promise.reject(new Error("down")),
    set: (key, value, ttl, onlyIfAbsent) => {
      if (failures-- > 0) return Promise.reject(new Error("down"));
      written.push(key);
      return bench.engine.records.set(key, value, ttl, onlyIfAbsent);
    },
  };
  const task = defineTask("a", z.null(), () => {});
  const receiver = new Receiver([task], { ...bench.engine, records }, {
    onEnd: (ending) => bench.endings.push(ending),
    onError: (error) => bench.errors.push(error),
  });
  const now = Date.now();
  const base = { v: 1, task: "a", input: null, key: "k", attempt: 1, context: {} };
  const body = JSON.stringify({ ...base, deadline: now + 60_000, enqueuedAt: now });
  const verdict = receiver.receive({ id: "m", body, attempt: 1 });
  for (let i = 0; i < 20; i++) await time.tickAsync(100);
  assertEquals([await verdict, written, bench.endings[0]?.state], [
    { kind: "done" },
    ["taskscope:end:m"],
    "succeeded",
  ]);
  assert(bench.errors.length >= 2);
  await settle(time, receiver.close());
});

Deno.test("a task may take and give nothing", async () => {
  await using bench = new Bench();
  const seen: unknown[] = [];
  const task = defineTask("nothing", z.undefined(), (_scope, input) => void seen.push(input));
  bench.worker([task]);
  const ending = await bench.scope((scope) => scope.handoff(task, undefined, TEN).outcome(scope));
  assertEquals([ending.state, seen, "result" in ending], ["succeeded", [undefined], false]);
});

Deno.test("SIGTERM drains a worker: what runs is given back, and the process ends with 143", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", "--no-check", "--config", "deno.json", "tests/durable/sigterm.ts"],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (chunk.includes("running")) child.kill("SIGTERM");
  }
  const { code } = await child.status;
  assertEquals([text.trim().split("\n"), code], [["running", "canceled: shutdown", "given back: 1"], 143]);
});

Deno.test("a result that is too long to be kept is left out of the ending", async () => {
  await using bench = new Bench();
  const task = defineTask("long", z.null(), () => "x".repeat(100));
  bench.worker([task], { maxResult: 101 });
  const ending = await bench.scope((scope) => scope.handoff(task, null, TEN).outcome(scope));
  assertEquals([ending.state, "result" in ending], ["succeeded", false]);
});

Deno.test("an engine that lets a worker in late is asked until it does", async () => {
  await using bench = new Bench();
  let refusals = 1;
  const engine: Engine = {
    ...bench.engine,
    consume: (receive, options) =>
      refusals-- > 0 ? Promise.reject(new Error("starting up")) : bench.engine.consume(receive, options),
  };
  const task = defineTask("a", z.null(), () => {});
  const worker = bench.worker([task], {}, engine);
  await worker.ready;
  assertEquals(bench.errors.length, 1);
  await bench.scope((scope) => void scope.handoff(task, null, TEN));
  await bench.ended(1);
});

Deno.test("worker() refuses what is none", () => {
  const engine = inProcessEngine();
  const { consume: _, ...pushes } = engine;
  const task = defineTask("a", z.null(), () => {});
  assertThrows(() => worker([task, task], engine), TypeError, "name of its own");
  assertThrows(() => worker([{}] as never, engine), TypeError, "defineTask()");
  assertThrows(() => worker(task as never, engine), TypeError, "array of tasks");
  assertThrows(() => worker([], {} as never), TypeError, "engine");
  assertThrows(() => worker([], pushes), TypeError, "pushes");
  assertThrows(() => worker([], engine, { nope: 1 } as never), TypeError, "nope");
  assertThrows(() => worker([], engine, { concurrency: 0 }), RangeError, "concurrency");
  assertThrows(() => worker([], engine, { lease: 0 }), RangeError, "lease");
  assertThrows(() => worker([], engine, { signals: ["SIGKILL"] } as never), TypeError, "signal");
  assertThrows(() => worker([], engine, { signal: {} as never }), TypeError, "signal");
});

Deno.test("a hook that throws is told on the console, and disturbs nothing", async () => {
  await using bench = new Bench();
  const task = defineTask("a", z.null(), () => {});
  using error = stub(console, "error");
  const consumer = worker([task], bench.engine, {
    signals: [],
    onEnd() {
      throw new Error("hook");
    },
  });
  await bench.scope((scope) => scope.handoff(task, null, TEN).outcome(scope));
  await consumer.stop();
  assertEquals(error.calls[0]?.args[0], "TaskScope: onEnd of a worker failed:");
});

/** Lets a promise settle while the clock stands still. */
async function settle<T>(time: FakeTime, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const mark = () => void (isSettled = true);
  promise.then(mark, mark);
  for (let i = 0; i < 200 && !isSettled; i++) await time.tickAsync(0);
  return await promise;
}

Deno.test("without hooks, what did not end well and what failed goes to the console", async () => {
  await using bench = new Bench();
  using error = stub(console, "error");
  const fine = defineTask("fine", z.null(), () => {});
  const fails = defineTask("fails", z.null(), () => Promise.reject(new Error("boom")), { maxAttempts: 1 });
  let refusals = 1;
  const engine: Engine = {
    ...bench.engine,
    consume: (...args) => refusals-- > 0 ? Promise.reject(new Error("starting up")) : bench.engine.consume(...args),
  };
  const consumer = worker([fine, fails], engine, { signals: [] });
  await bench.scope(async (scope) => {
    await scope.handoff(fine, null, TEN).outcome(scope);
    await scope.handoff(fails, null, TEN).outcome(scope);
  });
  await consumer.stop();
  await bench.engine.enqueue({ key: "x", body: "?", deadline: new Date(Date.now() + 1_000) });
  const other = worker([], bench.engine, { signals: [] });
  while (other.counters.dead === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await other.stop();
  const lines = error.calls.map(({ args }) => String(args[0]).replace(/\([^)]*\)/, "(id)"));
  assertEquals(lines, [
    "TaskScope: the engine of a worker failed:",
    "TaskScope: fails (id) ended as failed in attempt 1:",
    "TaskScope: a message (id) ended as dead in attempt 1:",
  ]);
});

Deno.test("a receiver survives an engine that is not what it says: the message is not lost", async () => {
  await using bench = new Bench();
  const receiver = new Receiver([], bench.engine, { onError: (error) => bench.errors.push(error) });
  const verdict = await receiver.receive(
    {
      id: "1",
      attempt: 1,
      get body(): string {
        throw new Error("gone");
      },
    },
  );
  assertEquals([verdict.kind, (bench.errors[0] as Error).message], ["retry", "gone"]);
  assertThrows(() => new Receiver([], bench.engine, { operations: {} as never }), TypeError, "operations");
  await receiver.close();
});
