/**
 * A timeline as text, for terminals and logs.
 *
 * @module
 */
import type { TaskState } from "../observer.ts";
import { assertCount, assertNumber, assertOneOf, assertOptions, assertText } from "../validate.ts";
import { inertText } from "../inert_text.ts";
import { columns, fit } from "./columns.ts";
import type { LifecycleEvent } from "./events.ts";
import { paint, type Style, terminalWidth } from "./format_tree_terminal.ts";
import { drawCells, LEGEND, MARKS } from "./timeline_cells.ts";
import { summaryOf } from "./timeline_facts.ts";
import { nameOf, SEPARATOR, wordsOf } from "./timeline_labels.ts";
import type { Lane } from "./timeline_lane.ts";
import { readModel } from "./timeline_model.ts";
import { arrange, type Chapter, type Panel, type Row } from "./timeline_rows.ts";
import { ticksOf } from "./timeline_time.ts";

/** Options of {@linkcode renderTimelineText}. */
export interface TimelineTextOptions {
  /** A first line. Default: none. */
  readonly title?: string | undefined;
  /**
   * How many columns a line has at most, from 40 to 1000.
   *
   * @default that of the terminal, or 100
   */
  readonly width?: number | undefined;
  /**
   * Whether to add ANSI colors. Nothing is told by color alone.
   *
   * @default false
   */
  readonly color?: boolean | undefined;
  /** Parts with a title and a time axis of their own. Default: one for all. */
  readonly chapters?: readonly Chapter[] | undefined;
  /**
   * How many scopes and tasks have a line of their own, at most; beyond that, the least interesting ones are folded.
   *
   * @default 200
   */
  readonly maxLanes?: number | undefined;
  /** Up to when what has not ended is known to go on, in milliseconds since 1970. Default: the last event. */
  readonly now?: number | undefined;
}

const OPTIONS = ["title", "width", "color", "chapters", "maxLanes", "now"];
const WHAT = "Cannot render a timeline as text";
const NARROWEST = 40;
const LEVELS = 6; // of the tree that are drawn, at most
const SIGNS: Readonly<Record<Lane["kind"], string>> = { scope: "", task: "", detached: "⇢ ", shield: "⊞ " };
const COLORS: Readonly<Record<TaskState, Style>> = {
  succeeded: "green",
  failed: "red",
  canceled: "yellow",
  abandoned: "magenta",
  running: "blue",
  queued: "dim",
};

/**
 * Draws what happened as text: a line a scope or task, under what owns it or spawned it. At its end stands what to know
 * of it: what it outlived, who canceled it, which deadline it missed.
 *
 * **Guarantees.** No line is wider than `width`; names, reasons and errors are inert, whatever they contain.
 *
 * @param events In the order in which they happened; they may be incomplete.
 * @returns Lines, the last one with its end.
 * @throws {TypeError} If an option has the wrong shape.
 * @throws {RangeError} If an option is out of bounds.
 *
 * @example Of one scope
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { type LifecycleEvent, renderTimelineText } from "@taskscope/taskscope/inspect";
 *
 * const task = { id: 1, parent: null, spawner: null, kind: "scope", name: "page", deadline: null, queued: false } as const;
 * const events: LifecycleEvent[] = [
 *   { type: "spawn", at: 0, ...task },
 *   { type: "settle", at: 20, id: 1, state: "succeeded", late: false, by: null, message: null },
 * ];
 * assertStringIncludes(renderTimelineText(events, { width: 80 }), "✓ 20 ms");
 * ```
 */
export function renderTimelineText(events: Iterable<LifecycleEvent>, options: TimelineTextOptions = {}): string {
  assertOptions(options, OPTIONS, WHAT);
  const { title, width = defaultWidth(), color = false, chapters = [], maxLanes = 200, now } = options;
  assertText(title, "title", WHAT);
  assertNumber(width, "width", WHAT, NARROWEST, 1_000);
  assertOneOf(color, [true, false], "color", WHAT);
  assertCount(maxLanes, "maxLanes", WHAT);
  if (now !== undefined) assertNumber(now, "now", WHAT);
  const model = readModel(events, now);
  const parts = chapters.map(({ at, title }) => ({ at, title: inertText(title) }));
  const room = Math.floor(width);
  const lines = title === undefined ? [] : [fit(inertText(title), room)];
  lines.push(...flow(summaryOf(model), " · ", room));
  for (const panel of arrange(model, parts, maxLanes)) {
    lines.push("", ...new PanelText(panel, room, color).lines);
  }
  lines.push("", ...flow(LEGEND, "  ", room));
  return `${lines.join("\n")}\n`;
}

function defaultWidth(): number {
  return Math.min(Math.max(terminalWidth(globalThis, 100), NARROWEST), 1_000);
}

/** Parts one after the other, in as many lines as it takes. */
function flow(parts: readonly string[], separator: string, room: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const joined = `${lines.at(-1)}${separator}${part}`;
    if (lines.length > 0 && columns(joined) <= room) lines[lines.length - 1] = joined;
    else lines.push(fit(part, room));
  }
  return lines;
}

class PanelText {
  readonly lines: string[] = [];

  constructor(panel: Panel, width: number, color: boolean) {
    const { title, rows, from, to } = panel;
    const most = Math.floor(width * 0.3);
    const prefixes = prefixesOf(rows, Math.min(LEVELS, Math.floor(most / 6))); // half of it is for names
    const labels = rows.map((row, index) => `${prefixes[index]}${labelOf(row)}`);
    const notes = rows.map((row) => noteOf(row, to));
    const widest = (texts: string[]) => texts.reduce((most, text) => Math.max(most, columns(text)), 4);
    const left = Math.min(widest(labels), most);
    const right = Math.min(widest(notes), Math.floor(width * 0.4));
    const middle = width - left - right - 2;
    const cells = drawCells(panel, middle);
    if (title !== "") this.lines.push(fit(title, width));
    this.lines.push(`${" ".repeat(left + 1)}${axisOf(to - from, middle)}`.trimEnd());
    for (const [index, { lane }] of rows.entries()) {
      const label = pad(fit(labels[index] as string, left), left);
      const bar = (cells[index] as string[]).join("");
      const note = fit(notes[index] as string, right);
      const style = lane ? COLORS[lane.state] : "dim";
      this.lines.push(
        color ? `${label} ${paint(bar, style, true)} ${paint(note, style, true)}` : `${label} ${bar} ${note}`.trimEnd(),
      );
    }
  }
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - columns(text)));
}

function labelOf(row: Row): string {
  return (row.lane ? SIGNS[row.lane.kind] : "+ ") + nameOf(row);
}

function noteOf(row: Row, to: number): string {
  const mark = row.lane ? `${MARKS[row.lane.state]} ` : "";
  return mark + wordsOf(row, to).join(SEPARATOR);
}

/** The lines of the tree, `├─ ` and so on, before the names. */
function prefixesOf(rows: readonly Row[], levels: number): string[] {
  const prefixes: string[] = [];
  const goesOn: boolean[] = []; // by depth: whether there is a later row under the same one
  for (const { depth } of rows.toReversed()) {
    let prefix = depth > levels ? "… " : "";
    for (let level = Math.max(1, depth - levels + 1); level < depth; level++) prefix += goesOn[level] ? "│  " : "   ";
    if (depth > 0) prefix += goesOn[depth] ? "├─ " : "└─ ";
    prefixes.push(prefix);
    goesOn.length = Math.min(goesOn.length, depth + 1);
    for (let level = goesOn.length; level < depth; level++) goesOn[level] = false;
    goesOn[depth] = true;
  }
  return prefixes.reverse();
}

function axisOf(span: number, width: number): string {
  let axis = "";
  for (const { after, text } of ticksOf(span, width / 12)) {
    const column = Math.min(Math.floor((after / span) * width), width - text.length);
    if (column > axis.length || axis === "") axis = axis.padEnd(column) + text;
  }
  return axis;
}
