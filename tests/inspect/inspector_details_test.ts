/** What is said of scopes and tasks in every state, and of errors that do not want to be read. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { contextKey, processLifetime, TaskScope } from "@taskscope/taskscope";
import { Recorder } from "@taskscope/taskscope/inspect";
import { detailsOf } from "../../src/inspect/inspector_details.ts";
import type { SpawnEvent } from "../../src/inspect/events.ts";
import { Feed } from "../../src/inspect/inspector_feed.ts";
import { Live } from "../../src/inspect/inspector_live.ts";
import { Past } from "../../src/inspect/inspector_past.ts";
import { chainOf, messageOf } from "../../src/inspect/inspector_text.ts";

const LATER = 10_000; // more than the pause between two walks
const NOTHING = { rows: 0, ended: 0, alerts: 0, status: "" };
const OPTIONS = {
  recorder: undefined,
  stacks: false,
  keepAlive: 1_000,
  cancel: false,
  warnings: false,
  patience: undefined,
};

Deno.test("rows and details of a scope in every state", async () => {
  const live = new Live(processLifetime());
  const end = Promise.withResolvers<void>();
  const cleaning = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const scope = new TaskScope({
    name: "root",
    note: "from\nsomewhere",
    concurrency: 2,
    policy: "supervise",
    grace: Infinity,
    deadline: { minutes: 1 },
    context: [contextKey("b").with(1), contextKey("a").with(2)],
    observer: { onError() {} },
  });
  scope.spawn(() => Promise.reject(new Error("first", { cause: new TypeError("behind") })), { name: "fails" });
  await Promise.allSettled([scope.spawn(() => 1)]);
  scope.spawn(async (task) => {
    task.defer(() => cleaning.promise);
    task.spawn(() => Promise.reject(new Error("inner")), { name: "inner" });
    await end.promise;
  }, { name: "cleans" });
  scope.spawn(async (task) => {
    await task.shield((inner) => {
      started.resolve();
      return inner.abortable(end.promise);
    }, { name: "kept", deadline: { minutes: 5 } });
  }, { name: "outer", deadline: { seconds: 30 } });
  scope.spawn(() => 1, { name: "waits" });
  await started.promise;
  live.update(Date.now() + LATER);
  const { rows } = live.changesSince(0);
  const states = Object.fromEntries(rows.map(({ name, kind, state }) => [name, `${kind} ${state}`]));
  assertEquals(states, {
    root: "scope open",
    cleans: "task canceling", // a failure of its own
    outer: "task running",
    kept: "shield running",
    waits: "task queued",
  });
  const detail = (wanted: string) => {
    const { id = 0 } = rows.find(({ name }) => name === wanted) ?? {};
    const node = live.find(id);
    assert(node);
    return detailsOf(id, node, live, undefined);
  };
  const root = detail("root");
  assertEquals([root.note, root.context, root.below, root.counters?.failed], ["from\\nsomewhere", ["a", "b"], 4, 1]);
  assertEquals([root.reasons, root.origin, root.spawner, root.stack], [[], null, null, []]);
  assert(root.deadline !== null && root.hasOwnDeadline && detail("outer").hasOwnDeadline);
  assertEquals([detail("waits").hasOwnDeadline, detail("waits").path], [false, "root/waits"]);
  assertEquals(detail("cleans").failures, ["Error: inner"]);
  assertStringIncludes(detail("cleans").reasons.join(), "inner");

  end.resolve();
  const ids = rows.filter(({ name }) => name === "outer" || name === "waits").map(({ id }) => id);
  while (ids.some((id) => live.find(id))) await Promise.resolve();
  live.update(Date.now() + 2 * LATER);
  assertEquals(live.changesSince(0).rows.map(({ state }) => state), ["open", "cleanup"]);
  cleaning.resolve();
  await scope.join().catch(() => {});
  live.stop();
});

Deno.test("errors and reasons are read whatever they are", () => {
  const hostile = new Error("x");
  Object.defineProperty(hostile, "message", {
    get() {
      throw new Error("not for you");
    },
  });
  const circular = new Error("again");
  circular.cause = circular;
  const deep = Array.from({ length: 20 }).reduce<Error>((cause, _, i) => new Error(`${i}`, { cause }), circular);
  const proxy = new Proxy({}, {
    getPrototypeOf() {
      throw new Error("no");
    },
  });
  assertEquals(messageOf(hostile), "(what it says cannot be read)");
  assertEquals([messageOf(new TypeError("")), messageOf("text"), messageOf(undefined)], [
    "TypeError",
    '"text"',
    "undefined",
  ]);
  assertEquals(chainOf(circular), ["Error: again"]);
  assertEquals(chainOf(deep).length, 8);
  assertEquals(chainOf(proxy), ["(what is behind it cannot be read)"]);
  assertEquals(chainOf("line\nbreak"), ['"line\\nbreak"']);
});

Deno.test("the feed tells of abandoned tasks, and of hosts as far as they let it", async () => {
  const stuck = Promise.withResolvers<void>();
  const abandoned = Promise.withResolvers<void>();
  const deadline = new Date(Date.now() + 60_000);
  const feed = new Feed({ waitUntil() {}, deadline, closing: AbortSignal.abort() }, OPTIONS);
  const run = TaskScope.run((scope) => {
    scope.spawn(() => stuck.promise, { name: "stuck" });
    return scope.abortable(new Promise(() => {}));
  }, { name: "page", deadline: 1, grace: 1, observer: { onAbandon: () => abandoned.resolve() } }).catch(() => {});
  await abandoned.promise;
  const { data } = feed.news(NOTHING) as { data: { alerts: { kind: string; path: string }[]; status: unknown } };
  assertEquals(data.alerts.map(({ kind, path }) => [kind, path]), [["abandoned", "page/stuck"]]);
  assertEquals(data.status, { pending: null, end: Number(deadline), isClosing: true, hidden: 0 });
  stuck.resolve();
  await run;
  const stream = feed.connect(null);
  assert(feed.timeline(640).includes("stuck"));
  assertEquals((feed.news(NOTHING).data as { ended: unknown[] }).ended.length, 3);
  feed.close();
  const { ended: past, alerts, rows } = feed.news(NOTHING).data as Record<string, unknown[]>;
  assertEquals([past, alerts, rows, feed.events(), feed.timeline(640).includes("stuck")], [[], [], [], [], false]);
  await stream.cancel();

  const ended = new Feed({
    waitUntil() {},
    get closing(): AbortSignal {
      throw new TypeError("Illegal invocation");
    },
  }, OPTIONS);
  const { data: other } = ended.news(NOTHING) as { data: { status: unknown } };
  assertEquals(other.status, null);
  ended.close();
});

Deno.test("the feed draws a timeline once for all who ask at the same time", async () => {
  using time = new FakeTime();
  const feed = new Feed(processLifetime(), OPTIONS);
  await TaskScope.run(() => {}, { name: "first" });
  const svg = feed.timeline(800);
  await TaskScope.run(() => {}, { name: "second" });
  assertEquals(feed.timeline(800), svg);
  assertStringIncludes(feed.timeline(900), "second");
  await time.tickAsync(60_000);
  assertStringIncludes(feed.timeline(900), "second");
  assertStringIncludes(feed.timeline(800), "second");
  feed.close();
});

Deno.test("Past knows where a task was detached, its spawn while it lives, and is bounded", async () => {
  using recorder = new Recorder();
  recorder.start();
  const past = new Past(0);
  recorder.subscribe(past.take);
  const end = Promise.withResolvers<void>();
  const { task } = await TaskScope.run((scope) =>
    scope.spawn((inner) => ({
      task: inner.spawnDetached(() => end.promise, { name: "later", deadline: { minutes: 1 } }),
    }), { name: "outer" }), { name: "page" });
  const spawn = recorder.events().find((event) => event.type === "spawn" && event.name === "later");
  assertEquals(past.spawnOf(spawn?.id ?? 0)?.name, "later");
  end.resolve();
  await task;
  assertEquals(past.spawnOf(spawn?.id ?? 0), undefined);
  assertEquals(past.after(0).at(-1)?.from, "page/outer");
  const lost = {
    type: "settle",
    at: 1,
    id: 999_999,
    state: "succeeded",
    late: false,
    by: null,
    message: null,
  } as const;
  past.take(lost); // its spawn was forgotten
  past.take({ ...lost, type: "late-settle" });
  assertEquals(past.after(0).at(-1)?.name, "later");
  for (let id = 1; id <= 30_000; id++) {
    past.take({
      type: "spawn",
      at: 1,
      id,
      parent: null,
      spawner: null,
      kind: "scope",
      name: "s",
      deadline: null,
      queued: false,
    });
  }
  assertEquals([past.spawnOf(1), past.spawnOf(30_000)?.name], [undefined, "s"]);
});

Deno.test("the place of a spawn is told in frames of the program, without this library and the runtime", async () => {
  const live = new Live(processLifetime());
  using recorder = new Recorder({ stacks: true });
  recorder.start();
  const end = Promise.withResolvers<void>();
  const work = TaskScope.run((scope) => scope.spawn((task) => task.spawn(() => end.promise, { name: "inner" })));
  const spawn = () => recorder.events().find((event) => event.type === "spawn" && event.name === "inner");
  while (!spawn()) await Promise.resolve();
  const event = spawn() as SpawnEvent;
  const node = live.find(event.id);
  assert(node);
  const { stack } = detailsOf(event.id, node, live, event);
  assert(stack.length > 0 && stack.every((line) => line.includes("inspector_details_test.ts")), stack.join("\n"));
  const runtime = "at run (node:async_hooks:1:1)\nat ext:core/01_core.js:1:1";
  assertEquals(detailsOf(event.id, node, live, { ...event, stack: runtime }).stack.length, 2, "rather those than none");
  end.resolve();
  await work;
  live.stop();
});
