/** Stopping a worker on an engine that does not play along: bounded by its grace, and no rejection goes unhandled. */
import { assert, assertEquals } from "@std/assert";
import { stub } from "@std/testing/mock";
import { FakeTime } from "@std/testing/time";
import { TaskScope } from "@taskscope/taskscope";
import {
  type Consumption,
  defineTask,
  type Engine,
  inProcessEngine,
  Receiver,
  worker,
} from "@taskscope/taskscope/durable";
import { z } from "zod";

const TEN = { deadline: { minutes: 10 } };

/** An engine whose consumption stops in another way. */
function engineWith(stop: (consumption: Consumption) => Promise<void>): Engine {
  const engine = inProcessEngine();
  return {
    ...engine,
    consume: async (receive, options) => {
      const consumption = await engine.consume(receive, options);
      return { stop: () => stop(consumption) };
    },
  };
}

for (
  const [how, stop] of [
    ["rejects", () => Promise.reject(new Error("gone"))],
    ["throws", () => {
      throw new Error("gone");
    }],
  ] as const
) {
  Deno.test(`an engine that ${how} in stop(): what runs is waited for all the same, and it is told once`, async () => {
    const errors: unknown[] = [];
    const began = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    let isDone = false;
    const task = defineTask("running", z.null(), async () => {
      began.resolve();
      await gate.promise;
      isDone = true;
    });
    const engine = engineWith(stop);
    const consumer = worker([task], engine, { signals: [], onError: (error) => errors.push(error), onEnd() {} });
    await TaskScope.run((scope) => void scope.handoff(task, null, { ...TEN, engine }));
    await began.promise;
    const stopping = consumer.stop();
    await new Promise((resolve) => setTimeout(resolve, 0)); // a rejection that nobody handles would be found by now
    gate.resolve();
    await stopping;
    assertEquals([isDone, errors.map((error) => (error as Error).message)], [true, ["gone"]]);
  });
}

Deno.test("an engine that never lets a worker in, or never lets it go: stop() ends all the same", async () => {
  using time = new FakeTime();
  const never = new Promise<never>(() => {});
  const engines: Engine[] = [
    { ...inProcessEngine(), consume: () => never },
    engineWith(() => never),
  ];
  for (const engine of engines) {
    const errors: unknown[] = [];
    const consumer = worker([], engine, { signals: [], grace: 1_000, onError: (error) => errors.push(error) });
    await time.tickAsync(0);
    let isStopped = false;
    consumer.stop().then(() => isStopped = true);
    for (let i = 0; i < 5; i++) await time.tickAsync(1_000);
    assert(isStopped);
    assert((errors[0] as Error).message.startsWith("The engine in-process has not stopped"), String(errors[0]));
  }
});

Deno.test("an engine that lets a worker in after it has stopped is stopped, too", async () => {
  using time = new FakeTime();
  const gate = Promise.withResolvers<Consumption>();
  const stopped: string[] = [];
  const engine: Engine = { ...inProcessEngine(), consume: () => gate.promise };
  const consumer = worker([], engine, { signals: [], grace: 0, onError() {} });
  await time.tickAsync(0);
  consumer.stop().then(() => stopped.push("worker"));
  for (let i = 0; i < 5; i++) await time.tickAsync(1_000);
  gate.resolve({ stop: () => Promise.resolve(void stopped.push("consumption")) });
  await time.tickAsync(0);
  assertEquals(stopped, ["worker", "consumption"]);
});

Deno.test("an onError that throws or rejects is told on the console, and the worker goes on", async () => {
  using error = stub(console, "error");
  for (const rejects of [false, true]) {
    let refusals = 1;
    const engine = inProcessEngine();
    const late: Engine = {
      ...engine,
      consume: (...args) => refusals-- > 0 ? Promise.reject(new Error("starting up")) : engine.consume(...args),
    };
    const consumer = worker([], late, {
      signals: [],
      onError(): void {
        if (!rejects) throw new Error("hook");
        return Promise.reject(new Error("hook")) as never;
      },
    });
    await consumer.ready;
    await consumer.stop();
  }
  assertEquals(error.calls.map(({ args }) => args[0]), Array(2).fill("TaskScope: onError of a worker failed:"));
});

Deno.test("a delivery that has not begun when the worker is canceled is given back: no attempt is counted, nothing is told", async () => {
  const engine = inProcessEngine();
  const gate = Promise.withResolvers<undefined>();
  const errors: unknown[] = [];
  let calls = 0;
  const task = defineTask("t", z.null(), () => void calls++);
  const records = { ...engine.records, get: () => gate.promise };
  const receiver = new Receiver([task], { ...engine, records }, { onError: (error) => errors.push(error) });
  const now = Date.now();
  const base = { v: 1, task: "t", input: null, key: "k", attempt: 1, context: {} };
  const body = JSON.stringify({ ...base, deadline: now + 60_000, enqueuedAt: now });
  const verdict = receiver.receive({ id: "m", body, attempt: 1 });
  receiver.cancel();
  gate.resolve(undefined);
  assertEquals([await verdict, calls, errors], [{ kind: "give-back" }, 0, []]);
  await receiver.close();
});

Deno.test("a lifetime that rejects what it is given does not end the process", async () => {
  const errors: unknown[] = [];
  const lifetime = { waitUntil: () => Promise.reject(new Error("too late")) };
  const consumer = worker([], inProcessEngine(), { lifetime, onError: (error) => errors.push(error) });
  await consumer.stop();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(errors.map((error) => (error as Error).message), ["too late"]);
});
