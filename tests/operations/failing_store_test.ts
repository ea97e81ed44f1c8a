/** Stores that fail, refuse or forget, and errors of the user's own. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { processLifetime } from "@taskscope/taskscope";
import { memoryStore, type Operation, Operations } from "@taskscope/taskscope/operations";
import { App } from "./app.ts";
import { LOST, meddle, tampered } from "./tampered.ts";

const untilCanceled = (task: { sleep(ms: number): Promise<void> }) => task.sleep(600_000);
const isRunning = ({ state }: Operation) => state === "running";

Deno.test("while the store fails, requests are 503, a start leaves nothing, and the error is told", async () => {
  const store = memoryStore();
  let isDown = false;
  let refused = 0;
  const app = new App({
    store: tampered((method) => {
      if (!isDown) return;
      refused++;
      throw new Error(`down: ${method}`);
    }, store),
    work: untilCanceled,
    lease: 30,
    poll: 5,
  });
  const { id, links } = await app.start();
  await app.until(id, isRunning);
  isDown = true;
  const get = await app.fetch("GET", links.self);
  assertEquals([get.status, get.headers.has("retry-after")], [503, true]);
  assertEquals((await app.fetch("POST", "/x")).status, 503);
  const stream = app.fetch("GET", links.events);
  assertEquals((await stream).status, 503);
  const before = refused;
  while (refused < before + 3) await new Promise((resolve) => setTimeout(resolve, 1)); // the running operation tries
  const told = app.errors.map(([error]) => (error as Error).message);
  assertEquals(told.filter((text) => !text.startsWith("down: ")), []);
  assertGreater(told.length, 3); // three requests, and the running operation once
  isDown = false;
  assertEquals((await app.get(id)).state, "running");
  await app.fetch("DELETE", links.self);
  assertEquals((await app.until(id)).state, "canceled");
  await app.idle();
  assertEquals(await store.count(), 0);
});

Deno.test("events of a store that fails end, so that the client comes again", async () => {
  let isDown = false;
  const store = tampered((method) => {
    if (isDown && method === "get") throw new Error("down");
  });
  const there = new App({ store, work: untilCanceled });
  const { id, links } = await there.start();
  await there.until(id, isRunning);
  const here = new App({ store, poll: 5 });
  const stream = await here.fetch("GET", links.events);
  isDown = true;
  assert((await stream.text()).includes('"state":"running"'));
  isDown = false;
  assertEquals(here.operations.counters.listeners, 0);
  await there.fetch("DELETE", links.self);
  await there.idle();
});

Deno.test("a result that the store does not take fails the operation; one it does not take at first is written later", async () => {
  for (const [times, ofWhat] of [[1, "the end"], [4, "anything"], [Infinity, "the end"]] as const) {
    let refused = 0;
    let isEnding = false;
    const store = tampered((method, _key, entry) => {
      isEnding ||= Object(entry?.value).state === "succeeded";
      const isMeant = ofWhat === "anything" ? isEnding : Object(entry?.value).state === "succeeded";
      if (method !== "compareAndSet" || !isMeant) return;
      if (refused++ < times) throw new Error("too large, or down");
    });
    const app = new App({ store });
    const { state } = await app.until((await app.start()).id);
    assertEquals(state, times === Infinity ? "failed" : "succeeded", ofWhat);
    assertGreater(app.errors.length, 0);
    await app.idle();
  }
});

Deno.test("a function that goes on although its operation is lost is not asked a thousand times a second", async () => {
  const store = memoryStore();
  let reads = 0;
  const gate = Promise.withResolvers<void>();
  const app = new App({
    store: tampered((method) => void (reads += method === "get" ? 1 : 0), store),
    work: () => gate.promise,
    poll: 20,
    lease: 60,
  });
  const { id } = await app.start();
  await app.until(id, isRunning);
  await meddle(store, id, { ...LOST, leaseUntil: 1 });
  const waits: number[] = [];
  const setTimer = globalThis.setTimeout;
  globalThis.setTimeout = ((fn: () => void, ms: number) => (waits.push(ms), setTimer(fn, ms))) as typeof setTimeout;
  try {
    const before = reads;
    while (reads < before + 5) await new Promise((resolve) => setTimer(resolve, 1));
  } finally {
    globalThis.setTimeout = setTimer;
  }
  assert(waits.filter((ms) => ms > 10).length >= waits.length / 2, `timers of ${waits} ms`);
  gate.resolve();
  await app.idle();
});

Deno.test("a record that the store has lost is put back by the process that runs it", async () => {
  const store = memoryStore();
  const app = new App({ store: tampered(() => {}, store), work: untilCanceled, lease: 30, poll: 5 });
  const { id, links } = await app.start();
  await app.until(id, isRunning);
  await store.delete(`op-${id}`);
  while (!await store.get(`op-${id}`)) await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals((await app.fetch("DELETE", links.self)).status, 202);
  assertEquals((await app.until(id)).state, "canceled");
  await app.idle();
});

Deno.test("an onError that throws disturbs nothing, and without one errors go to the console", async () => {
  const logged: unknown[][] = [];
  const original = console.error;
  console.error = (...line) => logged.push(line);
  try {
    const work = () => Promise.reject(new Error("boom"));
    const onError = () => {
      throw new Error("in onError");
    };
    const app = new App({ work, onError });
    assertEquals((await app.until((await app.start()).id)).state, "failed");
    await app.idle();
    const late = new App({ work, onError: async () => await Promise.reject(new Error("in onError")) });
    assertEquals((await late.until((await late.start()).id)).state, "failed");
    await late.idle();
    const silent = new App({ work });
    Object.assign(silent, { operations: new Operations({ store: memoryStore() }) });
    assertEquals((await silent.until((await silent.start()).id)).state, "failed");
    await silent.idle();
    const down = { ...memoryStore(), ...tampered(() => Promise.reject(new Error("down"))) };
    Object.assign(silent, { operations: new Operations({ store: down }) });
    assertEquals((await silent.fetch("GET", `/operations/${crypto.randomUUID()}`)).status, 503);
  } finally {
    console.error = original;
  }
  assertEquals(logged.map(([text]) => `${text}`.replace(/\(.*\)/, "()")), [
    "TaskScope: onError failed:",
    "TaskScope: onError failed:",
    'TaskScope: operation "work" () ended as failed:',
    "TaskScope: the store of operations failed:",
  ]);
});

Deno.test("the end is written when the store comes back, however late; a process that shuts down waits a minute", async () => {
  for (const isDrained of [false, true]) {
    using time = new FakeTime();
    let isDown = false;
    const app = new App({
      store: tampered(() => {
        if (isDown) throw new Error("failover");
      }),
      work: (task) => task.sleep(1_000),
    });
    const { id } = await app.start();
    while (!isRunning(await app.get(id))) await time.tickAsync(1);
    isDown = true;
    for (let s = 0; s < 120; s++) await time.tickAsync(1_000);
    assertEquals(app.operations.counters.running, 1);
    const drained = isDrained ? processLifetime().drain({ deadline: 1_000 }) : undefined;
    for (let s = 0; s < 10; s++) await time.tickAsync(1_000);
    await drained;
    isDown = false;
    for (let s = 0; s < 10; s++) await time.tickAsync(1_000);
    assertEquals([app.operations.counters.running, (await app.get(id)).state], [0, isDrained ? "lost" : "succeeded"]);
  }
});
