/** How operations start, run and end. */
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { contextKey, LifetimeLimitError, processLifetime, TaskScope } from "@taskscope/taskscope";
import { isEnded, memoryStore, type Operation, Operations, type ReportProgress } from "@taskscope/taskscope/operations";
import { z } from "zod";
import { App, makeRequest } from "./app.ts";

Deno.test("start() answers 202 with Location, Retry-After and the queued operation before the function is called", async () => {
  const calls: unknown[] = [];
  const app = new App({ work: (_task, input) => void calls.push(input), start: { input: z.object({ a: z.int() }) } });
  const response = await app.fetch("POST", "/x", { a: 1 });
  assertEquals(calls, []);
  const operation: Operation = await response.json();
  const { id, name, state, revision, createdAt, deadline, links } = operation;
  assertEquals([response.status, name, state, revision], [202, "work", "queued", 1]);
  assertMatch(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  assertEquals(links, { self: `/operations/${id}`, events: `/operations/${id}/events` });
  assertEquals(response.headers.get("location"), links.self);
  assertEquals(response.headers.get("retry-after"), "1");
  assert(Math.abs(Date.parse(deadline) - Date.parse(createdAt) - 60_000) < 5_000);
  const ended = await app.until(id);
  assertEquals([ended.state, ended.result, calls], ["succeeded", undefined, [{ a: 1 }]]);
  assert(ended.endedAt && ended.expiresAt && ended.expiresAt > ended.endedAt);
  await app.idle();
  assertEquals(app.errors, []);
});

Deno.test("start() keeps context values, and its task's path and name", async () => {
  const Trace = contextKey<string>("trace");
  const app = new App({
    work: (task) => [task.get(Trace), task.path],
    scoped: { context: [Trace.with("abc")], name: "upload" },
  });
  const { id } = await app.start();
  assertEquals((await app.until(id)).result, ["abc", "upload/work"]);
  await app.idle();
});

Deno.test("an operation runs through queued, running and succeeded, with the progress it told", async () => {
  const gates = [0, 1].map(() => Promise.withResolvers<void>());
  const app = new App({
    limits: { progressInterval: 0 },
    async work(_task, _input, progress) {
      progress(0.4, "second pass");
      await gates[0]?.promise;
      progress(7);
      await gates[1]?.promise;
      return { url: "/v/1" };
    },
  });
  const { id } = await app.start();
  const one = await app.until(id, ({ progress }) => progress !== undefined);
  assertEquals([one.state, one.progress], ["running", { fraction: 0.4, message: "second pass" }]);
  gates[0]?.resolve();
  const two = await app.until(id, ({ progress }) => progress?.fraction === 1);
  assertEquals([two.state, two.progress], ["running", { fraction: 1 }]);
  gates[1]?.resolve();
  const end = await app.until(id);
  assertEquals([end.state, end.result, end.progress], ["succeeded", { url: "/v/1" }, { fraction: 1 }]);
  assert(one.revision < two.revision && two.revision < end.revision);
  await app.idle();
});

Deno.test("a failed operation tells name and message; stack and cause only if asked for", async () => {
  const work = () => Promise.reject(new TypeError("no such codec", { cause: new Error("inner") }));
  const quiet = new App({ work });
  const { state, error } = await quiet.until((await quiet.start()).id);
  assertEquals([state, error], ["failed", { name: "TypeError", message: "no such codec" }]);
  assertEquals(quiet.errors.map(([error, operation]) => [(error as Error).message, operation?.state]), [
    ["no such codec", "failed"],
  ]);
  const open = new App({ work, showErrors: true });
  const shown = (await open.until((await open.start()).id)).error;
  assertMatch(shown?.stack ?? "", /^TypeError: no such codec\n/);
  assertEquals([shown?.cause?.name, shown?.cause?.message], ["Error", "inner"]);
  await Promise.all([quiet.idle(), open.idle()]);
});

Deno.test("whatever is thrown, and whatever is returned, the operation ends with JSON", async () => {
  const hostile = {
    get message(): string {
      throw new Error("no");
    },
  };
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const outcomes: (() => unknown)[] = [
    () => Promise.reject("text"),
    () => Promise.reject(undefined),
    () => Promise.reject(hostile),
    () => Promise.reject(Object.assign(new Error("x".repeat(10_000)), { name: 5 })),
    () => circular,
    () => 1n,
    () => () => {},
    () => "x".repeat(200),
    () => null,
  ];
  const cannot = "Cannot keep the result of the operation: ";
  const ends: unknown[] = [];
  for (const work of outcomes) {
    const app = new App({ work, limits: { result: 100 } });
    const { state, error, result } = await app.until((await app.start()).id);
    ends.push(error ? [state, error.name, error.message.replace(cannot, "").slice(0, 16)] : [state, result]);
    await app.idle();
  }
  assertEquals(ends, [
    ["failed", "Error", "text"],
    ["failed", "Error", "undefined"],
    ["failed", "Error", "It was thrown, a"],
    ["failed", "5", "x".repeat(16)],
    ["failed", "TypeError", "TypeError: Conve"],
    ["failed", "TypeError", "TypeError: Do no"],
    ["failed", "TypeError", "TypeError: It is"],
    ["failed", "TypeError", "RangeError: It h"],
    ["succeeded", null],
  ]);
});

Deno.test("a result that is nested too deep to be written everywhere fails the operation, which can be read", async () => {
  for (const [depth, state] of [[500, "succeeded"], [501, "failed"], [10_000, "failed"]] as const) {
    const app = new App({ work: () => JSON.parse("[".repeat(depth) + "]".repeat(depth)) });
    const { id, links } = await app.start();
    await app.idle();
    const end = await app.get(id);
    assertEquals([end.state, end.error?.message.includes("nested deeper than 500")], [
      state,
      state === "failed" ? true : undefined,
    ]);
    assert((await (await app.fetch("GET", links.events)).text()).includes(`"state":"${state}"`));
  }
});

Deno.test("an operation whose deadline passes is deadline-exceeded; one that ignores it is abandoned", async () => {
  const waits = new App({ work: (task) => task.sleep(60_000), start: { deadline: 20 } });
  const late = await waits.until((await waits.start()).id);
  assertEquals([late.state, late.error?.name], ["deadline-exceeded", "TimeoutError"]);
  assertEquals(waits.errors.length, 1);

  const gate = Promise.withResolvers<void>();
  const ignores = new App({ work: () => gate.promise, start: { deadline: 20 }, scoped: { grace: 20 } });
  const left = await ignores.until((await ignores.start()).id);
  assertEquals([left.state, left.error?.name], ["abandoned", "TimeoutError"]);
  gate.resolve();
  await Promise.all([waits.idle(), ignores.idle()]);
});

Deno.test("an error of somebody else's deadline is a failure like any other", async () => {
  const app = new App({ work: () => TaskScope.run((scope) => scope.sleep(60_000), { deadline: 5, name: "inner" }) });
  assertEquals((await app.until((await app.start()).id)).state, "failed");
  await app.idle();
});

Deno.test("a drain of the process cancels operations, and how they ended is still written", async () => {
  const app = new App({ work: (task) => task.sleep(600_000), start: { deadline: { minutes: 20 } } });
  const { id } = await app.start();
  await app.until(id, ({ state }) => state === "running");
  await processLifetime().drain({ deadline: 400 });
  await app.idle();
  const { state, error } = await app.get(id);
  assertEquals([state, error?.kind], ["canceled", "shutdown"]);
  assertEquals(app.errors.length, 1);
});

Deno.test("progress() is coalesced: the last one of an interval counts, and the one before the end", async () => {
  const store = memoryStore();
  let writes = 0;
  const counting = Object.assign(Object.create(store), {
    atomic: true,
    get: store.get.bind(store),
    count: store.count.bind(store),
    list: store.list.bind(store),
    create: store.create.bind(store),
    watch: undefined,
    purge: undefined,
    compareAndSet: (...args: Parameters<typeof store.compareAndSet>) => (writes++, store.compareAndSet(...args)),
  });
  const app = new App({
    store: counting,
    limits: { progressInterval: 3_600_000 },
    async work(task, _input, progress) {
      for (let i = 0; i <= 1_000; i++) {
        progress(i / 1_000);
        if (i % 100 === 0) await task.sleep(1);
      }
    },
  });
  const end = await app.until((await app.start()).id);
  assertEquals(end.progress, { fraction: 1 });
  assert(writes <= 4, `${writes} writes`);
  await app.idle();
});

Deno.test("progress() refuses what is no number, and counts no more after the end", async () => {
  let report: ReportProgress | undefined;
  const app = new App({
    work(_task, _input, progress) {
      report = progress;
      assertThrows(() => progress("1" as unknown as number), TypeError, "fraction");
      assertThrows(() => progress(NaN), RangeError, "fraction");
      assertThrows(() => progress(1, 2 as unknown as string), TypeError, "message");
      progress(-1, "x".repeat(5_000));
    },
  });
  const end = await app.until((await app.start()).id);
  assertEquals([end.progress?.fraction, end.progress?.message?.length], [0, 500]);
  await app.idle();
  report?.(0.5);
  assertEquals(await app.get(end.id), end);
});

Deno.test("start() refuses wrong options, and what the lifetime does not allow, before anything is stored", async () => {
  const operations = new Operations({ store: memoryStore() });
  const request = makeRequest("POST", "/x");
  const start = (scope: TaskScope, options: Record<string, unknown>, fn: unknown = () => 1) =>
    operations.start(scope, { name: "n", request, deadline: 1_000, ...options } as never, fn as never);
  await TaskScope.run(async (scope) => {
    await assertRejects(() => start(scope, { name: undefined }), TypeError, "name");
    await assertRejects(() => start(scope, { name: "x".repeat(101) }), TypeError, "name");
    await assertRejects(() => start(scope, { request: {} }), TypeError, "request");
    await assertRejects(() => start(scope, { input: {} }), TypeError, "Standard Schema");
    await assertRejects(() => start(scope, { inputs: 1 }), TypeError, "inputs");
    await assertRejects(() => start(scope, {}, 1), TypeError, "function");
    await assertRejects(() => start(scope, { deadline: undefined }), TypeError, "deadline");
    await assertRejects(() => start(scope, { deadline: NaN }), RangeError, "deadline");
  });
  const lifetime = { waitUntil() {}, deadline: new Date(Date.now() + 5_000) };
  await TaskScope.run(async (scope) => {
    await assertRejects(() => start(scope, { deadline: 60_000 }), LifetimeLimitError);
  }, { lifetime });
  assertEquals(operations.counters, { running: 0, listeners: 0 });
});

Deno.test("new Operations() refuses wrong options", () => {
  const store = memoryStore();
  const make = (options: object) => () => new Operations(options as never);
  assertThrows(make({}), TypeError, "get()");
  assertThrows(make({ store, paths: "/" }), TypeError, "paths");
  for (const path of ["", "/", "a", "/a/", "/a b", "/tâches", "/a/../b", '/a"b', 1]) {
    assertThrows(make({ store, path }), TypeError, "path");
  }
  make({ store, path: "/t%C3%A2ches" })();
  assertThrows(make({ store, owner: "me" }), TypeError, "owner");
  assertThrows(make({ store, onError: 1 }), TypeError, "onError");
  assertThrows(make({ store, showErrors: 1 }), TypeError, "showErrors");
  assertThrows(make({ store, limits: { perUser: 1 } }), TypeError, "perUser");
  assertThrows(make({ store, limits: { perOwner: 0.5 } }), RangeError, "perOwner");
  assertThrows(make({ store, limits: { ttl: 0 } }), RangeError, "ttl");
  assertThrows(make({ store, lease: "1" }), TypeError, "lease");
});

Deno.test("isEnded() is false of queued and running only", () => {
  assertEquals([isEnded("queued"), isEnded("running"), isEnded("abandoned")], [false, false, true]);
});

Deno.test("a name that came from a client does not swallow the error in the log, nor break its line", async () => {
  const lines: unknown[][] = [];
  const { error } = console;
  console.error = (...args) => void lines.push(args);
  try {
    const app = new App({
      onError: undefined as never,
      work: () => Promise.reject(new Error("boom")),
      start: { name: "%c\n\u{1b}[2J" },
    });
    await app.until((await app.start()).id);
    await app.idle();
  } finally {
    console.error = error;
  }
  assertEquals(lines.map(([text, told]) => [`${text}`.replace(/\(.*\)/, "()"), (told as Error).message]), [
    ['TaskScope: operation "%%c\\n\\u{1b}[2J" () ended as failed:', "boom"],
  ]);
});
