/** What the rows are made of, and that nothing is kept that has ended. */
import { assert, assertEquals } from "@std/assert";
import { processLifetime, TaskScope } from "@taskscope/taskscope";
import { Live } from "../../src/inspect/inspector_live.ts";
import { Past } from "../../src/inspect/inspector_past.ts";
import { Numbered } from "../../src/inspect/numbered.ts";
import { makeStore } from "../../src/inspect/page/store.ts";
import { liveHeap } from "../native_calls/live_heap.ts";
import { makeText } from "../../src/inspect/page/text.ts";
import { Recorder } from "@taskscope/taskscope/inspect";

const TURN = 10_000; // more than the pause between two walks
const any = { text: "", state: "", age: 0, withEnded: true };

/** Rows as they are at the n-th look. */
function looker(live: Live) {
  let now = Date.now();
  return () => {
    live.update(now += TURN);
    return live.changesSince(0).rows;
  };
}

Deno.test("Live has what was detached before it, once, and cancels it", async () => {
  const end = Promise.withResolvers<void>();
  const more = Promise.withResolvers<void>();
  const task = await TaskScope.run((scope) => ({
    old: scope.spawnDetached(async (task) => {
      task.spawn((child) => child.abortable(end.promise), { name: "child" });
      await more.promise;
      task.spawn(() => end.promise, { name: "late child" });
      await end.promise;
    }, { name: "old", deadline: { minutes: 1 } }),
    other: scope.spawnDetached((task) => task.abortable(end.promise), { name: "other", deadline: { minutes: 1 } }),
  }), { name: "page" });
  await Promise.resolve();
  const live = new Live(processLifetime());
  const look = looker(live);
  const names = () => look().map(({ name, kind, from }) => `${kind} ${name}${from ? ` from ${from}` : ""}`);
  const before = names();
  assertEquals(before, ["detached old from page", "task child", "detached other from page"]);
  assertEquals(live.version, (look(), live.version), "nothing has changed");

  more.resolve(); // now it is seen itself
  await Promise.resolve();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(names().sort(), [...before, "task late child"].sort());

  const other = look().find(({ name }) => name === "other")?.id ?? 0;
  assert(other < 0 && live.find(other) === undefined);
  live.findBefore(other)?.("enough");
  assertEquals((await task.other.outcome).state, "canceled");
  assertEquals(live.findBefore(other), undefined);
  end.resolve();
  await task.old;
  assertEquals(look(), []);
  live.stop();
});

Deno.test("Live has what is spawned below a scope that was there before", async () => {
  const end = Promise.withResolvers<void>();
  await using scope = new TaskScope({ name: "old root" });
  scope.spawn(() => end.promise, { name: "before" });
  const live = new Live(processLifetime());
  const look = looker(live);
  assertEquals(look(), []);
  scope.spawn(() => end.promise, { name: "after" });
  scope.spawn(() => end.promise, { name: "after that" });
  const rows = look();
  assertEquals(rows.map(({ name }) => name), ["old root", "before", "after", "after that"]);
  const [root, ...below] = rows;
  assert(root && below.every(({ parent }) => parent === root.id));
  assertEquals(rows.every(({ id }) => live.find(id) !== undefined), true);
  end.resolve();
  await scope.join();
  assertEquals(look(), []);
  live.stop();
});

Deno.test("Live tells of a version only what changed after it, and everything to who is far behind", async () => {
  const live = new Live(processLifetime());
  const look = looker(live);
  const ends = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const scope = new TaskScope({ name: "root", grace: Infinity });
  const tasks = ends.map(({ promise }, index) => scope.spawn(() => promise, { name: `${index}` }));
  look();
  const { version } = live;
  assertEquals(live.changesSince(version), { full: false, rows: [], gone: [] });
  await Promise.resolve();
  tasks[0]?.cancel("enough");
  look();
  assertEquals(live.changesSince(version).rows.map(({ name, state, why }) => [name, state, why]), [
    ["0", "canceling", 'canceled: "enough"'],
  ]);
  assert(live.changesSince(version).rows[0]?.since);
  ends.forEach(({ resolve }) => resolve());
  await scope.join();
  look();
  assertEquals(live.changesSince(version).gone.length, 3);
  for (let round = 0; round < 3; round++) {
    const many = new TaskScope();
    for (let i = 0; i < 10_000; i++) many.spawn(() => {});
    look();
    await many.join();
    look();
  }
  assertEquals(live.changesSince(version), { full: true, rows: [], gone: [] });
  live.stop();
});

Deno.test("Live keeps no scope that nobody closes, and counts what is too much", async () => {
  const live = new Live(processLifetime());
  const look = looker(live);
  (() => {
    for (let i = 0; i < 3_000; i++) new TaskScope({ name: "lost" });
  })();
  await new Promise((resolve) => setTimeout(resolve)); // weak references are kept until the end of a turn
  await liveHeap(); // collects garbage
  assertEquals(look(), []);
  const scope = new TaskScope();
  for (let i = 0; i < 20_500; i++) scope.spawn((task) => task.sleep(1_000));
  assert(look().length <= 20_000 && live.hidden >= 501);
  await scope.close();
  live.stop();
});

Deno.test("Live takes a small part of the time, however long it takes to look at all there is", async () => {
  const { now } = performance;
  let clock = 0;
  performance.now = () => clock += 40;
  const live = new Live(processLifetime());
  try {
    const at = Date.now();
    const names = (later: number) => {
      live.update(at + later);
      return live.changesSince(0).rows.map(({ name }) => name);
    };
    await using scope = new TaskScope({ name: "root" });
    assertEquals(names(0), ["root"]);
    scope.spawn((task) => task.sleep(60_000), { name: "new" });
    assertEquals([names(200), names(350)], [["root"], ["root"]]);
    assertEquals(names(361), ["root", "new"]);
  } finally {
    performance.now = now;
    live.stop();
  }
});

Deno.test("Numbered: bounded, and what was read is not read again", () => {
  const numbered = new Numbered<string>(3);
  for (const item of ["a", "b", "c", "d"]) numbered.add(item);
  assertEquals([numbered.after(0), numbered.after(3), numbered.after(4), numbered.after(9)], [
    ["b", "c", "d"],
    ["d"],
    [],
    ["b", "c", "d"],
  ]);
});

Deno.test("Past: read again from the same recorder, the same numbers", async () => {
  using recorder = new Recorder({ capacity: 50 });
  recorder.start();
  const past = new Past(recorder.dropped);
  recorder.subscribe(past.take);
  const stuck = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  await TaskScope.run((scope) => {
    scope.spawn(() => stuck.promise, { name: "stuck", deadline: 1 });
    scope.spawn(() => 1, { name: "fine" });
    return scope.join?.();
  }, { name: "page", grace: 1, observer: { onSettle: ({ state }) => state === "abandoned" && ended.resolve() } })
    .catch(() => {});
  stuck.resolve();
  await ended.promise;
  const again = new Past(recorder.dropped);
  recorder.events().forEach(again.take);
  const told = past.after(0).map(({ name, state, late }) => `${name} ${state}${late ? ", late" : ""}`);
  assertEquals(told, ["fine succeeded", "stuck abandoned", "page failed", "stuck abandoned, late"]);
  assert(past.after(0).some(({ at, deadline = at }) => at > deadline), "what missed its deadline");
  assertEquals([again.last, again.after(0)], [past.last, past.after(0)]);
});

Deno.test("the store of the page: filters, keeps what leads to a hit, forgets what ended long ago", () => {
  const store = makeStore(2);
  const row = (id: number, parent: number, name: string, state = "running") =>
    ({ id, kind: "task", name, state, born: id, ...(parent && { parent }) }) as const;
  store.apply(
    true,
    [row(1, 0, "page"), row(2, 1, "query"), row(3, 2, "rows", "queued"), row(4, 0, "other")] as never,
    [],
    [],
  );
  const names = (filter: object) =>
    store.lines({ ...any, ...filter }, 100).map(({ item, level }) => `${level} ${item.name}`);
  assertEquals(names({}), ["1 page", "2 query", "3 rows", "1 other"]);
  assertEquals(names({ text: "rows" }), ["1 page", "2 query", "3 rows"]);
  assertEquals(store.lines({ ...any, text: "rows" }, 100).map(({ isHit }) => isHit), [false, false, true]);
  assertEquals(names({ state: "queued" }).length, 3);
  assertEquals(names({ age: 97 }), ["1 page", "2 query", "3 rows"]);
  assertEquals(names({ age: 200 }), []);
  store.closed.add(2);
  assertEquals(names({}), ["1 page", "2 query", "1 other"]);
  assertEquals(names({ text: "rows" }).length, 3, "who looks for it finds it");
  assertEquals(store.pathOf(3), "page/query/rows");
  const ended = (id: number) => ({ ...row(id, 1, `e${id}`), state: "failed", at: 50 }) as never;
  store.apply(false, [], [3], [ended(3), ended(7), ended(8)]);
  assertEquals([...store.items.keys()], [1, 2, 4, 7, 8]);
  assertEquals(names({ state: "failed" }), ["1 page", "2 e7", "2 e8"]);
  store.apply(false, [row(9, 0, "cleans", "cleanup")] as never, [], []);
  assertEquals(names({ state: "canceling" }), ["1 cleans"], "it is counted among them");
  store.apply(false, [], [9], []);
  assertEquals(names({ withEnded: false }), ["1 page", "2 query", "1 other"]);
  assertEquals([store.counts["running"], store.counts["queued"]], [3, 0]);
  store.apply(true, [], [], []);
  assertEquals(names({ state: "live" }), []);
});

Deno.test("the page reads times as people do", () => {
  const { duration } = makeText();
  assertEquals(
    [0, 999, 1_000, 59_949, 59_950, 65_000, 3_599_000, 3_600_000, 172_800_000, -5].map(duration),
    ["0 ms", "999 ms", "1.0 s", "59.9 s", "1:00 min", "1:05 min", "59:59 min", "1:00 h", "2 days", "−5 ms"],
  );
});
