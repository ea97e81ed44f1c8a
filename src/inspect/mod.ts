/**
 * See what runs: record what happens, and show it.
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
