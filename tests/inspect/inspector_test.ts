/** What is sent, and what is held: the inspector without a browser. */
import { assert, assertEquals, assertMatch, assertNotMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { processLifetime, TaskScope } from "@taskscope/taskscope";
import { inspector, type LifecycleEvent, Recorder } from "@taskscope/taskscope/inspect";
import { liveHeap } from "../native_calls/live_heap.ts";
import { ask, LOCAL, type News, statusOf, until } from "./ask.ts";
import { ATTACKS } from "./live_app.ts";
import { frames } from "./sse_frames.ts";

Deno.test("inspector() refuses options of the wrong shape", () => {
  const lifetime = processLifetime();
  assertThrows(() => inspector({} as never), TypeError, "Cannot make an inspector: lifetime needs a waitUntil");
  for (
    const [options, message] of [
      [{ password: "x" }, "the options are guard"],
      [{ guard: true }, "a function is needed"],
      [{ cancel: 1 }, "cancel must be true or false"],
      [{ stacks: 1 }, "stacks must be true or false"],
      [{ warnings: 1 }, "warnings must be true or false"],
      [{ patience: "1" }, "patience must be a number"],
      [{ recorder: {} }, "recorder must be a Recorder"],
    ] as const
  ) assertThrows(() => inspector(lifetime, options as never), TypeError, message);
  assertThrows(() => inspector(lifetime, { keepAlive: 1 }), RangeError, "keepAlive must be between 100");
});

Deno.test("inspector knows what is asked for by the end of the path, wherever it is mounted", async () => {
  using inspect = inspector(processLifetime());
  for (
    const [method, path, status] of [
      ["GET", "/", 200],
      ["GET", "/a/b/inspect", 200],
      ["GET", "/a/b/inspect/", 200],
      ["GET", "/favicon.ico", 404],
      ["GET", "/a/timeline.svg", 200],
      ["GET", "/a/details", 200],
      ["GET", "/a/details?id=1e999", 200],
      ["GET", "/a/cancel", 405],
      ["POST", "/a/", 405],
      ["PUT", "/a/events", 405],
      ["HEAD", "/a/", 405],
    ] as const
  ) assertEquals(await statusOf(inspect(ask(path, {}, method), LOCAL)), status, `${method} ${path}`);
});

Deno.test("inspector sends what lives, then only what changes; who comes again gets what was missed", async () => {
  using inspect = inspector(processLifetime());
  const end = Promise.withResolvers<void>();
  const first = frames(await inspect(ask("/inspect/events"), LOCAL));
  assertEquals((await first.next()).value?.event, "hello");
  const work = TaskScope.run(async (scope) => {
    scope.spawn(() => end.promise, { name: "first" });
    scope.spawnDetached(() => end.promise, { name: "later", deadline: { minutes: 1 } });
    await scope.abortable(end.promise);
  }, { name: "page" });
  const { data, id } = await until(first, ({ rows }) => rows && rows.length >= 3);
  assertEquals(data.rows?.map(({ name, state, from }) => [name, state, from]), [
    ["page", "running", undefined],
    ["first", "running", undefined],
    ["later", "running", "page"],
  ]);
  assertEquals(data.rows?.[1]?.parent, data.rows?.[0]?.id);
  await first.return(undefined);

  end.resolve();
  await work;
  await processLifetime().drain({ deadline: 1_000 });
  const again = frames(await inspect(ask("/inspect/events", { "last-event-id": id }), LOCAL));
  const ended: string[] = [];
  const { data: missed } = await until(again, (data) => {
    ended.push(...data.ended.map(({ name, state }) => `${name} ${state}`));
    return data.gone;
  });
  assertEquals([missed.full, missed.rows, missed.gone?.length], [false, [], 3]);
  assertEquals(ended.sort(), ["first succeeded", "later succeeded", "page succeeded"]);
  await again.return(undefined);

  for (const foreign of ["0".repeat(16) + ".1.1.1", "x\ny", "-1", "9".repeat(400)]) { // from before a restart, or made up
    const request = ask(`/inspect/events?since=${encodeURIComponent(foreign)}`);
    const anew = frames(await inspect(request, LOCAL));
    await until(anew, ({ full }) => full);
    await anew.return(undefined);
  }
});

Deno.test("inspector tells names of context keys and never values, reasons with their causes, and where", async () => {
  const { contextKey } = await import("@taskscope/taskscope");
  using inspect = inspector(processLifetime(), { stacks: true });
  const Password = contextKey<string>("pass\nword");
  const end = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const work = TaskScope.run(async (scope) => {
    const stuck = () => {
      started.resolve();
      return end.promise;
    };
    const task = scope.spawn(stuck, { name: ATTACKS[5], context: [Password.with("hunter2")] });
    await started.promise;
    task.cancel(new Error(ATTACKS[4], { cause: new Error("behind it") }));
    await end.promise;
  }, { name: "page", grace: Infinity, context: [contextKey("trace").with("4bf9")] });
  const events = frames(await inspect(ask("/inspect/events"), LOCAL));
  const { data } = await until(events, ({ rows }) => rows?.some(({ parent }) => parent));
  const row = data.rows?.find(({ parent }) => parent);
  const response = await inspect(ask(`/inspect/details?id=${row?.id}`), LOCAL);
  const body = await response.text();
  const details = JSON.parse(body);
  // deno-lint-ignore no-control-regex -- they are the point
  assertNotMatch(body, /hunter2|4bf9|[\u0000-\u001f\u007f-\u009f\u2028-\u202e\ud800]/);
  assertEquals(details.context, ["pass\\nword", "trace"]);
  assertEquals([details.kind, details.state, details.counters], ["task", "canceling", null]);
  assertMatch(details.path, /^page\/\\u\{1b\}\[31mred/);
  assertEquals(details.reasons.length, 2);
  assertMatch(details.stack.join(" "), /inspector_test\.ts/);
  end.resolve();
  await Promise.allSettled([work, events.return(undefined)]);
});

Deno.test("inspector: texts of strangers neither end a message nor begin one", async () => {
  using inspect = inspector(processLifetime());
  const end = Promise.withResolvers<void>();
  const work = TaskScope.run((scope) => {
    for (const name of ATTACKS) scope.spawn(() => end.promise, { name });
    scope.spawn(() => end.promise, { name: "x".repeat(1_000_000) });
    return end.promise;
  }, { name: ATTACKS[4] });
  const response = await inspect(ask("/inspect/events"), LOCAL);
  const events = frames(response);
  const { data } = await until(events, ({ rows }) => rows && rows.length > ATTACKS.length);
  assertEquals(data.rows?.length, ATTACKS.length + 2);
  // deno-lint-ignore no-control-regex -- they are the point
  assertNotMatch(JSON.stringify(data.rows?.map(({ name }) => name)), /[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/);
  assert(data.rows?.every(({ name }) => name.length <= 120));
  end.resolve();
  await Promise.allSettled([work, events.return(undefined)]);
});

Deno.test("inspector: a recorder of somebody else's is left running, its own is not", () => {
  using recorder = new Recorder();
  recorder.start();
  inspector(processLifetime(), { recorder }).close();
  assert(recorder.recording);
});

Deno.test("inspector, closed: its streams end, it answers 503, and a second close changes nothing", async () => {
  const inspect = inspector(processLifetime(), { keepAlive: 100 });
  const events = frames(await inspect(ask("/inspect/events"), LOCAL));
  await events.next();
  inspect.close();
  inspect.close();
  while (!(await events.next()).done);
  assertEquals(await statusOf(inspect(ask(), LOCAL)), 503);
});

Deno.test("inspector: a quiet stream has comments, and so many pages are open at most", async () => {
  using inspect = inspector(processLifetime(), { keepAlive: 100 });
  const { body } = await inspect(ask("/inspect/events"), LOCAL);
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes(": keep-alive\n\n")) text += (await reader?.read())?.value ?? "";
  await reader?.cancel();
  const open: Response[] = [];
  for (let i = 0; i < 32; i++) open.push(await inspect(ask("/events"), LOCAL));
  const refused = await inspect(ask("/events"), LOCAL);
  assertEquals([refused.status, refused.headers.get("retry-after")], [503, "5"]);
  await Promise.all([refused, ...open].map(({ body }) => body?.cancel()));
  assertEquals(await statusOf(inspect(ask("/events"), LOCAL)), 200, "their places are free again");
});

Deno.test("inspector: pages that take nothing for half a minute make room for others", async () => {
  using time = new FakeTime();
  using inspect = inspector(processLifetime());
  const open: Response[] = [];
  for (let i = 0; i < 32; i++) open.push(await inspect(ask("/events"), LOCAL));
  assertEquals(await statusOf(inspect(ask("/events"), LOCAL)), 503);
  time.tick(31_000);
  assertEquals(await statusOf(inspect(ask("/events"), LOCAL)), 200);
  assertEquals((await open[0]?.body?.getReader().read())?.done, true);
  await Promise.all(open.slice(1).map(({ body }) => body?.cancel()));
});

Deno.test("inspector keeps nothing of what has ended, also while a page is open", async () => {
  using inspect = inspector(processLifetime());
  const events = frames(await inspect(ask("/events"), LOCAL));
  const refs = await (async () => {
    const value = { of: "a task" };
    let seen: TaskScope | undefined;
    await TaskScope.run(async (scope) => {
      seen = scope;
      await scope.spawn(() => value, { name: "gone" });
      await until(events, ({ rows, ended }) => rows?.length && ended.length > 0);
    }, { name: "page" });
    await until(events, ({ gone }) => gone?.length);
    return [new WeakRef(value), new WeakRef(seen as TaskScope)];
  })();
  await liveHeap(); // collects garbage
  assertEquals(refs.map((ref) => ref.deref()), [undefined, undefined]);
  await events.return(undefined);
});

Deno.test("inspector: while its host is closing nothing stays open, and who asks again is told what is left", async () => {
  const closing = new AbortController();
  const end = Promise.withResolvers<void>();
  using inspect = inspector({ waitUntil() {}, closing: closing.signal });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, inspect);
  const url = `http://127.0.0.1:${server.addr.port}/events`;
  const work = TaskScope.run(() => end.promise, { name: "still there" });
  const open = frames(await fetch(url));
  await until(open, ({ rows }) => rows?.some(({ name }) => name === "still there"));
  closing.abort();
  const { data } = await until(open, ({ status }) => status?.isClosing);
  assertEquals(data.ended, []);
  assertEquals(await open.next(), { done: true, value: undefined });
  const again: string[] = [];
  for await (const { event, data } of frames(await fetch(url))) {
    again.push(event, ...((data as News).rows ?? []).map(({ name }) => name));
  }
  assertEquals(again, ["hello", "news", "still there"]);
  end.resolve();
  await work;
  await server.shutdown();
});

Deno.test("inspector draws no more than it has time for, whatever widths it is asked for", async () => {
  class Slow extends Recorder {
    calls = 0;

    override events(): LifecycleEvent[] {
      this.calls++;
      for (const end = performance.now() + 50; performance.now() < end;);
      return super.events();
    }
  }
  using recorder = new Slow();
  using inspect = inspector(processLifetime(), { recorder, guard: () => true });
  for (let width = 700; width < 720; width++) {
    const response = await inspect(ask(`/inspect/timeline.svg?width=${width}`), LOCAL);
    assertStringIncludes(await response.text(), "<svg");
  }
  assert(recorder.calls < 10, `${recorder.calls}`); // and not 20
});
