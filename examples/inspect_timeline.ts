/**
 * What happened, as a picture and as text: a lane a task, what outlived its request, who was canceled by whom, and what
 * missed its deadline. The recorder keeps the last events in fixed memory; without one nothing is kept.
 */
import { assert, assertStringIncludes } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { Recorder, renderTimeline, renderTimelineText } from "@taskscope/taskscope/inspect";

using recorder = new Recorder();
recorder.start();

const answered = Promise.withResolvers<void>();
const audited = Promise.withResolvers<void>();

await TaskScope.run(async (scope) => {
  scope.spawnDetached(async (task) => {
    await answered.promise; // it outlives the page
    await task.sleep(80);
    audited.resolve();
  }, { deadline: { seconds: 20 }, name: "audit" });
  const slow = scope.spawn((task) => task.sleep(60_000), { deadline: 40, name: "ads" });
  scope.spawn((task) => task.sleep(60_000), { name: "feed" });
  await slow;
}, { name: "page" }).catch((error) => console.log(`page failed: ${error.message}\n`));
answered.resolve();
await TaskScope.run(async (scope) => {
  await audited.promise;
  await scope.sleep(30);
}, { name: "next" });

// In a browser: <img src="timeline.svg">. It follows the reader's theme, loads nothing, and names in it are inert.
const svg = renderTimeline(recorder.events(), { title: "One page" });
assertStringIncludes(svg, "1 missed its deadline (page/ads)");

const text = renderTimelineText(recorder.events(), { width: 100 });
console.log(text);
assert(/audit .*✓ outlived page by \d+ ms/.test(text));
assert(/feed .*⊘ canceled by page: ads failed/.test(text));
