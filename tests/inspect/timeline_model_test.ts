/** Lifecycle events become lanes, whatever is missing among them. */
import { assertEquals } from "@std/assert";
import type { LifecycleEvent } from "@taskscope/taskscope/inspect";
import { describe, notesOf, summaryOf } from "../../src/inspect/timeline_facts.ts";
import { type Model, readModel } from "../../src/inspect/timeline_model.ts";
import { arrange } from "../../src/inspect/timeline_rows.ts";
import { formatDuration, formatMoment, ticksOf } from "../../src/inspect/timeline_time.ts";
import { everything, load, START, Story } from "./timeline_samples.ts";

function notes(model: Model): Record<string, string> {
  return Object.fromEntries(model.lanes.map((lane) => [lane.name, notesOf(lane, model.to).join(" · ")]));
}

Deno.test("readModel() tells what outlived the request, who was canceled by whom, and what missed its deadline", () => {
  const model = readModel(everything());
  assertEquals(notes(model), {
    page: "feed failed, so the others were canceled · 521 ms · deadline 900 ms",
    user: "248 ms",
    feed: "missed its deadline of 397 ms by 2 ms · 399 ms",
    ads: "canceled by page: feed failed · 416 ms · first queued for 116 ms",
    never: "canceled by page: feed failed · 399 ms · never started",
    save: "shielded from the cancellation of page · 514 ms · deadline 694 ms",
    audit: "outlived page by 379 ms · 870 ms · deadline 1.47 s",
    mail: "missed its deadline of 560 ms by 400 ms · outlived page by 479 ms · " +
      "abandoned after 660 ms, failed 300 ms later · 960 ms",
    index: "outlived page by 579 ms · still running after 1.05 s · deadline 10 min · error: cannot remove the lock",
  });
  assertEquals(model.cancels.map(({ origin, reached }) => [origin.name, reached.map(({ name }) => name)]), [
    ["feed", []],
    ["page", ["ads", "never"]],
    ["mail", []],
  ]);
  assertEquals(summaryOf(model), [
    "9 scopes and tasks in 1.1 s",
    "3 outlived their request (page/audit, user/mail, page/index)",
    "2 missed their deadline (page/feed, user/mail)",
    "1 was abandoned (user/mail)",
    "1 failed (page)",
    "2 were canceled (page/ads by page, page/never by page)",
    "1 is still running (page/index)",
  ]);
});

Deno.test("readModel() keeps the words of whoever canceled", () => {
  const story = new Story();
  const root = story.spawn(0, "job");
  const child = story.spawn(0, "step", { parent: root });
  const shield = story.spawn(0, "write", { parent: child, kind: "shield", deadline: 500 });
  const below = story.spawn(0, "disk", { parent: shield });
  story.tell({ type: "cancel", at: 5, id: root, kind: "canceled", origin: "job", reason: "no longer needed" });
  story.settle(7, child, "succeeded", { late: true, by: root });
  const model = readModel(story.events, START + 20);
  assertEquals(notes(model), {
    job: "canceled: no longer needed · still running after 20 ms",
    step: "canceled by job: no longer needed · ended well all the same · 7 ms",
    write: "shielded from the cancellation of step · still running after 20 ms · deadline 500 ms",
    disk: "still running after 20 ms",
  });
  assertEquals(model.cancels[0]?.reached.map(({ id }) => id), [child]);
  assertEquals(below, 4);

  const others = new Story();
  const page = others.spawn(0, "page");
  const user = others.spawn(0, "user", { parent: page });
  others.tell({ type: "cancel", at: 1, id: page, kind: "body-failed", origin: "page", reason: "no such page" });
  others.settle(2, user, "canceled", { by: page });
  others.settle(2, page, "failed", { message: "no such page" });
  const alone = others.spawn(3, "alone");
  others.settle(4, alone, "failed", { message: "oh" });
  const hidden = others.spawn(5, "hidden");
  others.settle(6, others.spawn(5, "cut", { parent: hidden }), "canceled", { by: hidden });
  others.settle(6, others.spawn(5, "lost"), "canceled", { message: "somebody did" });
  others.settle(7, hidden);
  const late = others.spawn(8, "late");
  others.tell({ type: "deadline", at: 9, id: late });
  assertEquals(notes(readModel(others.events)), {
    page: "failed, so its tasks were canceled: no such page · 2 ms",
    user: "canceled by page: body-failed · 2 ms",
    alone: "failed: oh · 1 ms",
    hidden: "2 ms",
    cut: "canceled by hidden · 1 ms",
    lost: "canceled: somebody did · 1 ms",
    late: "missed its deadline · still running after 1 ms",
  });
});

Deno.test("readModel() draws what it can of records that are incomplete", () => {
  assertEquals(summaryOf(readModel([])), ["nothing was recorded"]);

  const story = new Story();
  const root = story.spawn(0, "root");
  story.settle(10, 77, "failed", { message: "of nobody known", by: 78 });
  story.tell({ type: "abandon", at: 11, id: 80, message: "ignored it" });
  story.tell({ type: "late-settle", at: 12, id: 81, state: "succeeded", message: null });
  story.tell({ type: "cancel", at: 13, id: 82, kind: "closed", origin: "", reason: "" });
  story.tell({ type: "start", at: 14, id: 83 });
  story.tell({ type: "error", at: 15, id: 84, phase: "body", message: "told" });
  story.tell({ type: "deadline", at: 16, id: 85 });
  story.spawn(17, "child of somebody forgotten", { parent: 99 });
  const model = readModel(story.events);
  assertEquals(model.lanes.map(({ name, state, isPartial }) => `${name} ${state} ${isPartial}`), [
    "root running false",
    "#77 failed true",
    "#80 abandoned true",
    "#81 abandoned true",
    "#82 running true",
    "#83 running true",
    "#84 running true",
    "#85 running true",
    "child of somebody forgotten running false",
  ]);
  assertEquals(root, 1);
  const lane = model.lanes[1];
  assertEquals(
    lane && describe(lane, model.from, model.to).split("\n").slice(0, 3),
    ["#77 (task): failed", "its beginning was not recorded", `from 0 ms, to 10 ms; spawned ${formatMoment(START)}`],
  );
});

Deno.test("readModel() gives an id that comes again a lane of its own, and never makes a cycle", () => {
  const spawn = (id: number, parent: number | null): LifecycleEvent => ({
    ...{ type: "spawn", at: START, id, parent, spawner: parent, kind: "task", name: "", deadline: null, queued: false },
  });
  const { lanes } = readModel([spawn(1, 1), spawn(2, 1), spawn(1, 2)]);
  assertEquals(lanes.map(({ depth }) => depth), [0, 1, 2]);
  assertEquals(lanes[0]?.name, "(no name)");
});

Deno.test("readModel() survives a clock that is set back, spawns told late, and times that are none", () => {
  const story = new Story();
  const root = story.spawn(10_000, "root");
  const back = -50_000;
  const child = story.spawn(back, "after", { parent: root, deadline: back + 100, kind: "task" });
  story.settle(back + 30, child).settle(back + 40, root);
  const { lanes, from, to } = readModel(story.events);
  assertEquals(lanes.map(({ spawned, ended = 0 }) => [spawned - from, ended - from]), [[0, 40], [0, 30]]);
  assertEquals(to - from, 40);

  const old = new Story();
  old.settle(5_000, old.spawn(4_990, "new"));
  old.settle(5_001, old.spawn(0, "old, introduced late"));
  assertEquals(readModel(old.events).from, START);

  for (const at of [NaN, Infinity, -Infinity, -1]) {
    const { from, to } = readModel([{ type: "start", at, id: 1 }, { type: "start", at, id: 2 }]);
    assertEquals([from, to], [0, 0]);
  }
});

Deno.test("arrange() folds the least interesting lanes, and loses none", () => {
  const model = readModel(load(2_000));
  const [panel] = arrange(model, [], 100);
  const rows = panel?.rows ?? [];
  const shown = rows.filter(({ lane }) => lane);
  const folded = rows.reduce((sum, { fold }) => sum + (fold?.count ?? 0), 0);
  assertEquals([shown.length, shown.length + folded], [100, model.lanes.length]);
  const missed = (lanes: readonly { isMissed: boolean }[]) => lanes.filter(({ isMissed }) => isMissed).length;
  assertEquals(missed(shown.map(({ lane }) => lane).filter((lane) => lane !== undefined)), missed(model.lanes));
});

Deno.test("arrange() gives each chapter what began in it, with an axis of its own", () => {
  const story = new Story();
  const first = story.spawn(0, "first");
  story.spawn(1, "runs on", { parent: first });
  const second = story.spawn(1_000, "second");
  story.settle(1_010, second);
  const chapters = [{ at: START + 900, title: "B" }, { at: START - 5, title: "A" }, { at: START + 2_000, title: "C" }];
  const panels = arrange(readModel(story.events), chapters, 10);
  const told = panels.map(({ title, from, to, rows }) => [title, from - START, to - START, rows.length]);
  assertEquals(told, [["A", 0, 1_000, 2], ["B", 1_000, 1_010, 1]]);
  assertEquals(arrange(readModel([]), chapters, 10), []);
  const folded = arrange(readModel(story.events), chapters, 1).map(({ rows }) => rows.map(({ fold }) => fold?.count));
  assertEquals(folded, [[undefined, 1], [1]]);
});

Deno.test("formatDuration() and ticksOf() choose round times", () => {
  const ms = [0, 999, 999.7, 1_250, 12_345, 59_996, 90_000, 3_599_000, 5_400_000, 200_000_000];
  assertEquals(ms.map(formatDuration), [
    ...["0 ms", "999 ms", "1 s", "1.25 s", "12.3 s", "1 min", "1.5 min", "1 h", "1.5 h", "2.3 d"],
  ]);
  const texts = (span: number) => ticksOf(span, 6).map(({ text }) => text).join(" ");
  assertEquals(texts(1), "0 1 ms");
  assertEquals(texts(950), "0 200 ms 400 ms 600 ms 800 ms");
  assertEquals(texts(50_000), "0 10 s 20 s 30 s 40 s 50 s");
  assertEquals(texts(7_200_000), "0 30 min 1 h 1.5 h 2 h");
  assertEquals(texts(20 * 86_400_000), "0 5 d 10 d 15 d 20 d");
  assertEquals([formatMoment(0), formatMoment(1e300)], ["1970-01-01 00:00:00.000 UTC", "1e+300"]);
});
