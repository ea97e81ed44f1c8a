import { assert, assertEquals, assertRejects } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { TaskScope } from "@taskscope/taskscope";
import { defineTask, type Engine, inProcessEngine, Receiver } from "@taskscope/taskscope/durable";
import { Steps } from "../../src/durable/task_run.ts";
import { z } from "zod";
import { Bench } from "./bench.ts";

const TEN = { deadline: { minutes: 10 } };
const FAST = { minTimeout: 1, maxTimeout: 1 };

Deno.test("once() is done once in all attempts of a task, and gives its value in each", async () => {
  await using bench = new Bench();
  let charges = 0;
  const values: unknown[] = [];
  const task = defineTask("pay", z.null(), async (scope, _input, run) => {
    values.push(await run.once("charge", () => ({ receipt: ++charges })));
    assertEquals(await scope.once("nothing", () => {}), undefined);
    if (run.attempt < 3) throw new Error("later");
  }, FAST);
  bench.worker([task]);
  await bench.scope((scope) => scope.handoff(task, null, TEN).outcome(scope));
  assertEquals([charges, values], [1, [{ receipt: 1 }, { receipt: 1 }, { receipt: 1 }]]);
});

Deno.test("once() that throws is done again by the next attempt", async () => {
  await using bench = new Bench();
  let tries = 0;
  const task = defineTask("pay", z.null(), async (_scope, _input, { once }) => {
    await once("charge", () => ++tries < 2 ? Promise.reject(new Error("declined")) : tries);
  }, FAST);
  bench.worker([task]);
  const ending = await bench.scope((scope) => scope.handoff(task, null, TEN).outcome(scope));
  assertEquals([ending.state, ending.attempt, tries], ["succeeded", 2, 2]);
});

Deno.test("once() of a task that runs here is kept in memory, for all its attempts", async () => {
  let charges = 0;
  const task = defineTask("pay", z.null(), async (scope, _input, run) => {
    const all = await Promise.all([1, 2, 3].map(() => scope.once("charge", () => ++charges)));
    if (run.attempt < 2) throw new Error("later");
    return all;
  }, FAST);
  const { handle } = await TaskScope.run((scope) => ({ handle: scope.spawnDetached(task, null, TEN) }));
  assert(handle.where === "local");
  assertEquals(await handle, [1, 1, 1]);
});

Deno.test("once() needs JSON, a key, a function, and an engine with records", async () => {
  await using bench = new Bench();
  const errors: string[] = [];
  const attempt = (promise: Promise<unknown>) => promise.catch((error) => errors.push(error.message));
  const task = defineTask("odd", z.null(), async (_scope, _input, { once }) => {
    await attempt(once("date", () => ({ at: new Date() })));
    await attempt(once("", () => 1));
    await attempt(once("x".repeat(101), () => 1));
    await attempt(once("f", 1 as never));
  });
  bench.worker([task]);
  await bench.scope((scope) => scope.handoff(task, null, TEN).outcome(scope));
  assertEquals(errors.map((message) => message.replace(/^Cannot do a step of "odd": /, "")), [
    'the value of "date".at: a Date is no JSON, use its toISOString()',
    'a key must be a non-empty string, got ""',
    "a key of 1 to 100 characters is needed",
    "a function is needed, got 1",
  ]);

  const { records: _, ...engine } = bench.engine;
  const bare: Engine = engine;
  const step = defineTask("step", z.null(), (scope) => scope.once("a", () => 1), { maxAttempts: 1 });
  const receiver = new Receiver([step], bare, { onEnd: (ending) => bench.endings.push(ending) });
  const now = Date.now();
  const base = { v: 1, task: "step", input: null, key: "k", attempt: 1, context: {} };
  const body = JSON.stringify({ ...base, deadline: now + 60_000, enqueuedAt: now });
  assertEquals((await receiver.receive({ id: "1", body, attempt: 1 })).kind, "dead");
  assert(
    bench.endings.at(-1)?.error?.message.includes("in-process has no records"),
    bench.endings.at(-1)?.error?.message,
  );
  await receiver.close();
});

Deno.test("once() waits for another attempt that is at the same step, and takes its value", async () => {
  const { records } = inProcessEngine();
  const store = { records, lease: 60_000, keep: 60_000, poll: 1 };
  const gate = Promise.withResolvers<string>();
  let calls = 0;
  await TaskScope.run(async (scope) => {
    const one = scope.spawn((each) =>
      new Steps("k", "t", store).scopeOf(each, 1).once("a", () => (calls++, began.resolve(), gate.promise))
    );
    const began = Promise.withResolvers<void>();
    await began.promise;
    const two = scope.spawn((each) => new Steps("k", "t", store).scopeOf(each, 2).once("a", () => (calls++, "second")));
    await scope.sleep(5);
    assertEquals(two.state, "running");
    gate.resolve("first");
    assertEquals([await one, await two, calls], ["first", "first", 1]);
  });
});

Deno.test("once() takes over from an attempt that is not heard of for a lease; one that lives keeps its claim", async () => {
  using time = new FakeTime();
  const engine = inProcessEngine();
  const dying = engine.connect();
  const settings = { lease: 3_000, keep: 60_000, poll: 100 };
  const calls: string[] = [];
  const began = Promise.withResolvers<void>();
  const running = TaskScope.run(async (scope) => {
    scope.spawn(async (each) => {
      const steps = new Steps("k", "t", { records: dying.records, ...settings });
      await steps.scopeOf(each, 1).once("a", async (step) => {
        calls.push("first");
        began.resolve();
        await step.sleep(20_000);
      });
    }).catch(() => {});
    await began.promise;
    const steps = new Steps("k", "t", { records: engine.records, ...settings });
    return await steps.scopeOf(scope, 2).once("a", () => (calls.push("second"), "second"));
  }, { policy: "supervise", observer: { onError() {} } });
  for (let i = 0; i < 100; i++) await time.tickAsync(100); // 10 s: the first one renews its claim
  assertEquals(calls, ["first"]);
  dying.crash();
  for (let i = 0; i < 40; i++) await time.tickAsync(100);
  assertEquals(calls, ["first", "second"]);
  for (let i = 0; i < 150; i++) await time.tickAsync(100);
  assertEquals(await running, "second");
});

Deno.test("once() that waits for another attempt ends when its task is canceled", async () => {
  const { records } = inProcessEngine();
  await records.set("taskscope:claim:k:a", "claimed", 60_000);
  const steps = new Steps("k", "t", { records, lease: 60_000, keep: 60_000, poll: 1 });
  const running = TaskScope.run(async (scope) => {
    const step = steps.scopeOf(scope, 2).once("a", () => 1);
    await scope.sleep(2);
    scope.cancel(new Error("enough"));
    return await step;
  });
  await assertRejects(() => running, Error, "enough");
});

Deno.test("once() of two attempts that both did a step: the value that was written first counts for both", async () => {
  const { records } = inProcessEngine();
  const store = { records, lease: 60_000, keep: 60_000, poll: 1 };
  const began = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<string>();
  await TaskScope.run(async (scope) => {
    const slow = scope.spawn((each) =>
      new Steps("k", "t", store).scopeOf(each, 1).once("a", () => (began.resolve(), gate.promise))
    );
    await began.promise;
    await records.delete("taskscope:claim:k:a"); // it was not heard of for a lease
    const second = await new Steps("k", "t", store).scopeOf(scope, 2).once("a", () => "second");
    gate.resolve("first");
    const third = new Steps("k", "t", store).scopeOf(scope, 3).once("a", () => "third");
    assertEquals([second, await slow, await third], ["second", "second", "second"]);
  });
});

Deno.test("once() that was overtaken leaves the claim of the other one alone", async () => {
  const { records } = inProcessEngine();
  const store = { records, lease: 60_000, keep: 60_000, poll: 1 };
  const began = Promise.withResolvers<void>();
  await TaskScope.run(async (scope) => {
    const slow = scope.spawn((each) =>
      new Steps("k", "t", store).scopeOf(each, 1).once("a", async (step) => {
        began.resolve();
        await step.sleep(60_000);
      })
    );
    await began.promise;
    await records.set("taskscope:claim:k:a", "of another", 60_000);
    slow.cancel();
    await slow.outcome;
    assertEquals(await records.get("taskscope:claim:k:a"), "of another");
  });
});

Deno.test("once(): keys and steps that look alike when they are put together are still two", async () => {
  const { records } = inProcessEngine();
  const store = { records, lease: 60_000, keep: 60_000, poll: 1 };
  await TaskScope.run(async (scope) => {
    const once = async (key: string, step: string) =>
      await scope.spawn((each) => new Steps(key, "t", store).scopeOf(each, 1).once(step, () => `${key}|${step}`));
    for (const [key, step] of [["a:b", "c"], ["a", "b:c"], ["a%3Ab", "c"], ["a", "c"], ["a", "c:claim"]] as const) {
      assertEquals(await once(key, step), `${key}|${step}`);
    }
  });
  await TaskScope.run(async (scope) => {
    const run = new Steps("k", "t", store).scopeOf(scope, 1);
    assertEquals(await run.once("pay", () => run.once("pay:claim", () => "inner")), "inner");
  });
});

Deno.test("once(): a value that the records do not take at first is written all the same, and the step not done again", async () => {
  using time = new FakeTime();
  const { records } = inProcessEngine();
  let failures = 2;
  const set: typeof records.set = (key, ...rest) =>
    !key.includes(":claim") && failures-- > 0 ? Promise.reject(new Error("down")) : records.set(key, ...rest);
  const store = { records: { ...records, set }, lease: 60_000, keep: 60_000, poll: 1 };
  let calls = 0;
  const running = TaskScope.run((scope) =>
    new Steps("k", "t", store).scopeOf(scope, 1).once("a", (step) => {
      scopeOfStep = step;
      return ++calls;
    })
  );
  let scopeOfStep: TaskScope | undefined;
  for (let i = 0; i < 20; i++) await time.tickAsync(100);
  assertEquals([await running, calls, scopeOfStep?.state], [1, 1, "closed"]);
});
