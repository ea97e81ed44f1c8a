/** The side of the producer. */
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  CancelReason,
  contextKey,
  DeadlineExceededError,
  LifetimeLimitError,
  processLifetime,
  ScopeClosedError,
  TaskScope,
} from "@taskscope/taskscope";
import {
  cancelTask,
  defineTask,
  type Engine,
  handoffTo,
  inProcessEngine,
  type Records,
  transferable,
} from "@taskscope/taskscope/durable";
import { FakeTime } from "@std/testing/time";
import { z } from "zod";
import { Steps } from "../../src/durable/task_run.ts";
import { Bench } from "./bench.ts";

const TEN = { deadline: { minutes: 10 } };
const calls: unknown[] = [];
const record = defineTask("record", z.object({ n: z.int() }), (_scope, input) => void calls.push(input));

/** A host with 30 s left, as Cloudflare has after the response. */
function shortLifetime() {
  const held: Promise<unknown>[] = [];
  const deadline = new Date(Date.now() + 30_000);
  return { held, deadline, source: "the test", waitUntil: (work: Promise<unknown>) => void held.push(work) };
}

Deno.test("spawnDetached(task) rejects by default what does not fit, with the error that names hand-off", async () => {
  calls.length = 0;
  await TaskScope.run((scope) => {
    const error = assertThrows(() => scope.spawnDetached(record, { n: 1 }, TEN), LifetimeLimitError);
    assert(error.message.includes("hand off"), error.message);
  }, { lifetime: shortLifetime() });
  assertEquals(calls, []);
});

Deno.test('spawnDetached(task) with onExceed: "handoff" hands off what does not fit, and the handle says so', async () => {
  const engine = inProcessEngine();
  const lifetime = shortLifetime();
  const handle = await TaskScope.run((scope) => {
    const handle = scope.spawnDetached(record, { n: 1 }, { ...TEN, onExceed: "handoff", key: "k" });
    assertEquals([handle.where, handle.key, lifetime.held.length], ["handed-off", "k", 1]);
    return { handle };
  }, { lifetime, context: [handoffTo(engine)] });
  assert(handle.handle.where === "handed-off");
  await handle.handle.accepted;
  assertEquals(typeof await handle.handle.id, "string");
  await Promise.all(lifetime.held);
});

Deno.test('spawnDetached(task) with onExceed: "handoff" runs here what fits', async () => {
  calls.length = 0;
  const { handle } = await TaskScope.run((scope) => {
    return { handle: scope.spawnDetached(record, { n: 2 }, { deadline: 20_000, onExceed: "handoff" }) };
  }, { lifetime: shortLifetime(), context: [handoffTo(inProcessEngine())] });
  assert(handle.where === "local");
  await handle;
  assertEquals(calls, [{ n: 2 }]);
});

Deno.test('spawnDetached(task) with onExceed: "handoff" hands off where nothing can keep it alive', async () => {
  const engine = inProcessEngine();
  const lifetime = { waitUntil() {}, closing: AbortSignal.abort(new Error("SIGTERM")) };
  const { handle } = await TaskScope.run((scope) => {
    return { handle: scope.spawnDetached(record, { n: 1 }, { deadline: 1_000, onExceed: "handoff", engine }) };
  }, { lifetime });
  assert(handle.where === "handed-off");
  assertEquals(typeof await handle.id, "string");
});

Deno.test('spawnDetached(task) with onExceed: "handoff" and no engine throws, whether it fits or not', async () => {
  await TaskScope.run((scope) => {
    const options = { deadline: 1_000, onExceed: "handoff" } as const;
    assertThrows(() => scope.spawnDetached(record, { n: 1 }, options), TypeError, "handoffTo(engine)");
    assertThrows(() => scope.handoff(record, { n: 1 }, TEN), TypeError, "handoffTo(engine)");
  });
});

Deno.test("a task that runs here is tried again as in a worker, and its result is what JSON makes of it", async () => {
  let attempts = 0;
  const flaky = defineTask("flaky", z.null(), (_scope, _input, run) => {
    assertEquals(run.attempt, ++attempts);
    if (attempts < 3) throw new Error("busy");
    return [-0];
  }, { minTimeout: 1, maxTimeout: 1 });
  const { handle } = await TaskScope.run((scope) => ({ handle: scope.spawnDetached(flaky, null, TEN) }));
  assert(handle.where === "local");
  assertEquals([await handle, attempts], [[0], 3]);
});

Deno.test("a result that is no JSON fails a task that runs here, at once, and says where", async () => {
  let attempts = 0;
  const bad = defineTask("bad", z.null(), () => ({ at: attempts++ === 0 ? new Date() : new Date() }));
  const { handle } = await TaskScope.run((scope) => ({ handle: scope.spawnDetached(bad, null, TEN) }));
  assert(handle.where === "local");
  await assertRejects(() => handle, TypeError, "result.at: a Date");
  assertEquals(attempts, 1);
});

Deno.test("input that is wrong throws before anything has happened, wherever it would run", async () => {
  const enqueued: unknown[] = [];
  const engine: Engine = { name: "spy", enqueue: (message) => (enqueued.push(message), Promise.resolve("1")) };
  const lifetime = shortLifetime();
  const files = defineTask("files", z.object({ files: z.array(z.object({ at: z.unknown() })) }), () => {});
  await TaskScope.run((scope) => {
    const wrong = [{ files: [{ at: new Date() }] }, { files: [{ at: 1 }, { at: 2 }, { at: undefined }] }];
    for (const [index, input] of wrong.entries()) {
      for (const give of [() => scope.handoff(files, input, TEN), () => scope.spawnDetached(files, input, TEN)]) {
        assertThrows(give, TypeError, ["input.files[0].at: a Date", "input.files[2].at: undefined"][index]);
      }
    }
    assertThrows(() => scope.handoff(files, { files: 1 } as never, TEN), TypeError, "input.files: ");
    assertThrows(() => scope.handoff(files, null as never, TEN), TypeError, "input: ");
    assertThrows(() => scope.handoff({} as never, null as never, TEN as never), TypeError, "defineTask");
    assertThrows(() => scope.handoff(files, { files: [] }, {} as never), TypeError, "deadline");
    assertThrows(() => scope.handoff(files, { files: [] }, { ...TEN, key: "" }), TypeError, "key");
    assertThrows(() => scope.handoff(files, { files: [] }, { ...TEN, key: "\ud800" }), TypeError, "key");
    assertThrows(() => scope.handoff(files, { files: [] }, { ...TEN, nope: 1 } as never), TypeError, "nope");
    assertThrows(() => scope.handoff(files, { files: [] }, { deadline: -1 }), DeadlineExceededError, "passed");
    assertThrows(() => scope.handoff(files, { files: [] }, { deadline: NaN }), RangeError, "finite");
  }, { lifetime, context: [handoffTo(engine)] });
  assertEquals([enqueued.length, lifetime.held.length], [0, 0]);
});

Deno.test("the input goes as it was at the call, not as the schema or the caller changes it", async () => {
  const bodies: string[] = [];
  const engine: Engine = { name: "spy", enqueue: ({ body }) => (bodies.push(body), Promise.resolve("1")) };
  const task = defineTask("dates", z.object({ at: z.string().transform((text) => new Date(text)) }), () => {});
  const input = { at: "2026-01-01" };
  const seen = await TaskScope.run(async (scope) => {
    const handle = scope.handoff(task, input, { ...TEN, engine });
    input.at = "changed";
    await handle.accepted;
    let seen: unknown;
    const local = defineTask("local", z.object({ at: z.string() }), (_scope, input) => void (seen = input));
    const changing = { at: "before" };
    const task2 = scope.spawnDetached(local, changing, TEN);
    changing.at = "after";
    if (task2.where === "local") await task2;
    return seen;
  });
  assertEquals(JSON.parse(bodies[0] ?? "").input, { at: "2026-01-01" });
  assertEquals(seen, { at: "before" });
});

Deno.test("what the engine cannot take is refused at the call", async () => {
  const engine = inProcessEngine({ maxBytes: 1_000 });
  const text = defineTask("text", z.string(), () => {});
  await TaskScope.run((scope) => {
    const error = assertThrows(() => scope.handoff(text, "☃".repeat(400), { ...TEN, engine }), RangeError);
    assert(/has 1\d\d\d bytes, in-process takes at most 1000/.test(error.message), error.message);
  });
});

Deno.test("a context value that was declared transferable and is no JSON, or refused by its schema, throws", async () => {
  const Since = contextKey<unknown>("since");
  const task = defineTask("task", z.null(), () => {}, { context: [transferable(Since)] });
  const checked = defineTask("checked", z.null(), () => {}, {
    context: [transferable(Since, { schema: z.string(), name: "s" })],
  });
  await TaskScope.run((scope) => {
    assertThrows(() => scope.handoff(task, null, TEN), TypeError, "context.since: a Date");
  }, { context: [Since.with(new Date()), handoffTo(inProcessEngine())] });
  await TaskScope.run((scope) => {
    assertThrows(() => scope.handoff(checked, null, TEN), TypeError, "context.s: ");
  }, { context: [Since.with(5), handoffTo(inProcessEngine())] });
});

Deno.test("an engine that does not take it is asked again; then whoever waits for the handle hears of it", async () => {
  const boom = new Error("connection refused");
  let asked = 0;
  const engine: Engine = { name: "down", enqueue: () => (asked++, Promise.reject(boom)) };
  const told: unknown[] = [];
  const observer = { onError: (error: unknown) => void told.push(error) };
  await TaskScope.run(async (scope) => {
    const handle = scope.handoff(record, { n: 1 }, { ...TEN, engine });
    assertStrictEquals(await handle.id.catch((error) => error), boom);
    await assertRejects(() => handle.accepted, Error, "refused");
  }, { observer });
  assertEquals([asked, told], [3, []]);
});

Deno.test("an engine that does not take it, and nobody waits: the observer hears of it once", async () => {
  const boom = new Error("connection refused");
  const engine: Engine = { name: "down", enqueue: () => Promise.reject(boom) };
  const { promise, resolve } = Promise.withResolvers<unknown>();
  await TaskScope.run((scope) => void scope.handoff(record, { n: 1 }, { ...TEN, engine }), {
    observer: { onError: resolve },
  });
  assertStrictEquals(await promise, boom);
});

Deno.test("where nothing outlives the scope, as on Lambda, the scope waits until the engine has it", async () => {
  const gate = Promise.withResolvers<void>();
  const engine: Engine = { name: "slow", enqueue: () => gate.promise.then(() => "7") };
  const lifetime = {
    waitUntil() {
      throw new Error("no such thing");
    },
  };
  let isOver = false;
  const running = TaskScope.run((scope) => void scope.handoff(record, { n: 1 }, { ...TEN, engine }), { lifetime });
  const over = running.then(() => isOver = true);
  await Promise.resolve();
  assertEquals(isOver, false);
  gate.resolve();
  await over;
});

for (const outlives of [true, false]) {
  const where = outlives ? "" : ", as on Lambda,";
  Deno.test(`cancel() right after the call${where} asks the engine nothing, and the id rejects with the reason`, async () => {
    const enqueued: unknown[] = [];
    const engine: Engine = { name: "spy", enqueue: (message) => (enqueued.push(message), Promise.resolve("7")) };
    const lifetime = {
      waitUntil() {
        if (!outlives) throw new Error("no such thing");
      },
    };
    const running = TaskScope.run(async (scope) => {
      const handle = scope.handoff(record, { n: 1 }, { ...TEN, engine });
      assertEquals([await handle.cancel("oh no"), await handle.cancel("twice")], ["removed", "removed"]);
      const error = await assertRejects(() => handle.id, CancelReason);
      assertEquals([error.kind, error.message], ["canceled", "oh no"]);
      await assertRejects(() => handle.accepted, CancelReason, "oh no");
      return (await handle.outcome(scope)).error?.message;
    }, { lifetime });
    assertEquals([await running, enqueued], ["oh no", []]);
  });
}

Deno.test("a closed scope hands nothing off", async () => {
  const scope = new TaskScope({ context: [handoffTo(inProcessEngine())] });
  await scope.close();
  assertThrows(() => scope.handoff(record, { n: 1 }, TEN), ScopeClosedError);
});

Deno.test("handoff() with inheritDeadline takes the earlier of the two", async () => {
  await TaskScope.run((scope) => {
    const handle = scope.handoff(record, { n: 1 }, { ...TEN, inheritDeadline: true, engine: inProcessEngine() });
    assertEquals(handle.deadline, scope.deadline);
  }, { deadline: 60_000 });
  await processLifetime().drain({ deadline: 1_000 });
});

Deno.test("two of one key are one: the second has the id of the first", async () => {
  await using bench = new Bench();
  calls.length = 0;
  const ids = await bench.scope((scope) => {
    const options = { ...TEN, key: "same" };
    return Promise.all([1, 2].map((n) => scope.handoff(record, { n }, options).id));
  });
  assertEquals(new Set(ids).size, 1);
  bench.worker([record]);
  await bench.ended(1);
  assertEquals(calls, [{ n: 1 }]);
});

Deno.test("cancel() before the start takes it out: it never runs, and its outcome says canceled", async () => {
  await using bench = new Bench();
  calls.length = 0;
  await bench.scope(async (scope) => {
    const handle = scope.handoff(record, { n: 1 }, TEN);
    await handle.accepted;
    assertEquals(await handle.outcome(), undefined);
    assertEquals(await handle.cancel("not needed"), "removed");
    const ending = await handle.outcome(scope);
    assertEquals([ending.state, ending.error?.message, ending.attempt], ["canceled", "not needed", 0]);
    bench.worker([record]);
    await scope.handoff(record, { n: 2 }, TEN).outcome(scope);
  });
  assertEquals(calls, [{ n: 2 }]);
});

Deno.test("cancel() before the engine was even asked asks it nothing", async () => {
  const enqueued: unknown[] = [];
  const engine: Engine = { name: "spy", enqueue: (message) => (enqueued.push(message), Promise.resolve("1")) };
  await TaskScope.run(async (scope) => {
    const handle = scope.handoff(record, { n: 1 }, { ...TEN, engine });
    assertEquals(await handle.cancel("oh no"), "removed");
    assertEquals([(await handle.outcome())?.state, (await handle.outcome(scope)).error?.message], [
      "canceled",
      "oh no",
    ]);
  });
  assertEquals(enqueued, []);
});

Deno.test("cancelTask() of an engine that can do nothing of it says so", async () => {
  const engine: Engine = { name: "dumb", enqueue: () => Promise.resolve("1") };
  await assertRejects(() => cancelTask(engine, "1"), TypeError, "dumb can neither");
  assertEquals(await cancelTask({ ...engine, remove: () => Promise.resolve(false) }, "1"), "too-late");
});

Deno.test("outcome() of an engine without records says so", async () => {
  const engine: Engine = { name: "dumb", enqueue: () => Promise.resolve("1") };
  await TaskScope.run(async (scope) => {
    const handle = scope.handoff(record, { n: 1 }, { ...TEN, engine });
    await assertRejects(() => handle.outcome(), TypeError, "dumb has no records");
  });
});

Deno.test("defineTask() refuses what is none", () => {
  assertThrows(() => defineTask("", z.null(), () => {}), TypeError, "name");
  assertThrows(() => defineTask("x".repeat(201), z.null(), () => {}), TypeError, "name");
  assertThrows(() => defineTask("a", {} as never, () => {}), TypeError, "Standard Schema");
  assertThrows(() => defineTask("a", z.null(), 1 as never), TypeError, "function");
  assertThrows(() => defineTask("a", z.null(), () => {}, { tries: 1 } as never), TypeError, "tries");
  assertThrows(() => defineTask("a", z.null(), () => {}, { maxAttempts: 0 }), RangeError, "maxAttempts");
  assertThrows(() => defineTask("a", z.null(), () => {}, { context: [1] as never }), TypeError, "transferable");
  const key = contextKey<string>("k");
  const twice = { context: [transferable(key), transferable(key)] };
  assertThrows(() => defineTask("a", z.null(), () => {}, twice), TypeError, "name of its own");
  assertThrows(() => transferable("k" as never), TypeError, "contextKey");
  assertThrows(() => handoffTo({} as never), TypeError, "engine");
});

const even = z.number().refine(async (n) => await Promise.resolve(n % 2 === 0), "is odd");

Deno.test("an asynchronous schema is asked where the task runs, and by the worker", async () => {
  await using bench = new Bench();
  const task = defineTask("even", even, (_scope, n) => n / 2, { minTimeout: 1, maxAttempts: 2 });
  bench.worker([task]);
  await bench.scope(async (scope) => {
    const [good, bad] = [scope.spawnDetached(task, 4, TEN), scope.spawnDetached(task, 3, TEN)];
    assert(good.where === "local" && bad.where === "local");
    const refused = assertRejects(() => bad, TypeError, "input: is odd");
    assertEquals(await good, 2);
    await refused;
    const ending = await scope.handoff(task, 3, TEN).outcome(scope);
    assertEquals([ending.state, ending.attempt], ["dead", 1]);
  });
});

Deno.test("a transferable key whose schema is asynchronous is refused, here and there", async () => {
  const N = contextKey<number>("n");
  const task = defineTask("t", z.null(), () => {}, { context: [transferable(N, { schema: even })] });
  await TaskScope.run((scope) => {
    assertThrows(() => scope.handoff(task, null, TEN), TypeError, "context.n: its schema is asynchronous");
  }, { context: [N.with(2), handoffTo(inProcessEngine())] });
});

Deno.test("the engine of one call may be an engine or what handoffTo() made; values of both lists go along", async () => {
  const bodies: string[] = [];
  const engine: Engine = { name: "spy", enqueue: ({ body }) => (bodies.push(body), Promise.resolve("1")) };
  const [A, B] = [contextKey<string>("a"), contextKey<string>("b")];
  const task = defineTask("t", z.array(z.int()), () => {}, { context: [transferable(A)] });
  const target = handoffTo(engine, { context: [transferable(A), transferable(B)] });
  await TaskScope.run(async (scope) => {
    await scope.handoff(task, [], { ...TEN, engine: target }).accepted;
    await scope.handoff(task, [], { ...TEN, engine }).accepted;
    assertThrows(() => scope.handoff(task, ["x"] as never, TEN), TypeError, "input[0]: ");
    assertThrows(() => scope.handoff(task, [], { ...TEN, engine: A.with("x") }), TypeError, "an engine is needed");
    assertThrows(() => scope.spawnDetached(task, [], 1 as never), TypeError, "options must be an object");
    assertThrows(() => scope.spawnDetached(task, [], { ...TEN, onExceed: "x" as never }), TypeError, "onExceed");
    assertThrows(() =>
      scope.spawnDetached(task, [], { ...TEN, onExceed: "handoff", inheritDeadline: 1 as never, engine })
    );
  }, { context: [A.with("1"), B.with("2")] });
  assertEquals(bodies.map((body) => JSON.parse(body).context), [{ a: "1", b: "2" }, { a: "1" }]);
});

Deno.test("outcome() that waits goes on when the records fail for a moment, and rejects when they stay away", async () => {
  using time = new FakeTime();
  const engine = inProcessEngine();
  let failures = 3;
  const get = (key: string) => failures-- > 0 ? Promise.reject(new Error("down")) : engine.records.get(key);
  const flaky: Engine = { ...engine, records: { ...engine.records, get } };
  const running = TaskScope.run(async (scope) => {
    const handle = scope.handoff(record, { n: 1 }, { ...TEN, engine: flaky });
    const ending = JSON.stringify({ state: "succeeded", id: await handle.id, attempt: 1, endedAt: "" });
    await engine.records.set(`taskscope:end:${await handle.id}`, ending, 60_000);
    assertEquals((await handle.outcome(scope)).state, "succeeded");
    failures = Infinity;
    await assertRejects(() => handle.outcome(), Error, "down");
    await assertRejects(() => handle.outcome(scope), Error, "down");
  });
  for (let i = 0; i < 50; i++) await time.tickAsync(1_000);
  await running;
});

Deno.test("a reason, key or step with characters that a store refuses, or a reason without end, is kept as one that it takes", async () => {
  const engine = inProcessEngine();
  const kept: [key: string, value: string][] = [];
  const records: Records = {
    ...engine.records,
    set: (key, value, ...rest) => (kept.push([key, value]), engine.records.set(key, value, ...rest)),
  };
  const spy: Engine = { ...engine, records };
  await cancelTask(spy, "1", { reason: `\u0000\ud800${"x".repeat(10_000)}` });
  const store = { records, lease: 1_000, keep: 1_000, poll: 1 };
  await TaskScope.run((scope) => new Steps("a\u0000", "t", store).scopeOf(scope, 1).once("b\n", () => 1));
  for (const [key, value] of kept) {
    // deno-lint-ignore no-control-regex -- those are what it is about
    assert(!/[\u0000-\u001f]/.test(key + value) && value.isWellFormed() && value.length <= 2_000, key);
  }
  assertEquals(kept.length, 3);
});
