/**
 * See what runs: the tree as text, a recorder of what happens, timelines of it, a live page, and warnings of misuse.
 * Nothing is watched until one of them is asked to.
 *
 * @example What is detached in this process, and then what happened
 * ```ts
 * import { assert } from "@std/assert";
 * import { processLifetime, TaskScope } from "@taskscope/taskscope";
 * import { formatTree, Recorder, renderTimelineText } from "@taskscope/taskscope/inspect";
 *
 * using recorder = new Recorder();
 * recorder.start();
 * await TaskScope.run((scope) => {
 *   scope.spawnDetached((task) => task.sleep(5), { name: "audit", deadline: { seconds: 20 } });
 * }, { name: "page" });
 * assert(formatTree(processLifetime(), { color: false }).includes("audit"));
 *
 * await processLifetime().drain({ deadline: { seconds: 5 } });
 * assert(/audit .*outlived page/.test(renderTimelineText(recorder.events(), { width: 100 })));
 * ```
 *
 * @module
 */
export type {
  AbandonEvent,
  CancelEvent,
  DeadlineEvent,
  EndState,
  ErrorEvent,
  Happened,
  LateSettleEvent,
  LifecycleEvent,
  SettleEvent,
  SpawnEvent,
  SpawnKind,
  StartEvent,
} from "./events.ts";
export { Recorder, type RecorderOptions } from "./recorder.ts";
export { formatTree, type FormatTreeOptions, type HasTree } from "./format_tree.ts";
export { type TreeSchema, treeSchema } from "./tree_schema.ts";
export { renderTimeline, type TimelineOptions } from "./timeline_svg.ts";
export { renderTimelineText, type TimelineTextOptions } from "./timeline_text.ts";
export type { Chapter } from "./timeline_rows.ts";
export type { TimelineTheme } from "./timeline_style.ts";
export { type MisuseKind, type MisuseOptions, type MisuseWarning, watchMisuse } from "./misuse.ts";
export type { DiagnosticsMessages } from "./diagnostics.ts";
export { type Inspector, inspector, type InspectorOptions } from "./inspector.ts";
export type { InspectorGuard } from "./inspector_access.ts";
