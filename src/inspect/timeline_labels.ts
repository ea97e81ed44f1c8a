/**
 * The texts of a timeline: what they say, and how much room they get.
 *
 * @module
 */
import { fit } from "./columns.ts";
import { interestOf, notesOf } from "./timeline_facts.ts";
import { type Label, PAD, type Sizes } from "./timeline_geometry.ts";
import { pixels } from "./timeline_measure.ts";
import type { Panel, Row } from "./timeline_rows.ts";
import { formatDuration } from "./timeline_time.ts";

/** Between the columns, in pixels. */
export const GAP = 12;
/** Between the notes of a row. */
export const SEPARATOR = " · ";

/** Where the columns are: names, bars from `left` to `right`, notes up to `edge`. */
export interface Columns {
  readonly left: number;
  readonly right: number;
  readonly edge: number;
  readonly indent: number;
}

/** As wide as names and notes need, within limits. */
export function columnsFor(panels: readonly Panel[], width: number, sizes: Sizes): Columns {
  let names = 0;
  let notes = 0;
  let depth = 1;
  for (const { rows } of panels) for (const row of rows) depth = Math.max(depth, row.depth);
  const indent = Math.min(18, 110 / depth);
  for (const { rows, to } of panels) {
    for (const row of rows) {
      names = Math.max(names, row.depth * indent + 22 + pixels(nameOf(row), sizes.label, row.depth === 0));
      notes = Math.max(notes, 31 + pixels(wordsOf(row, to).join(SEPARATOR), sizes.note, true));
    }
  }
  const left = PAD + GAP + Math.min(Math.max(names, 90), width * 0.25) + GAP;
  const right = width - PAD - Math.min(Math.max(notes, 60), width * 0.36);
  return { left, right, edge: width - PAD - 8, indent };
}

/** What a row is called. */
export function nameOf({ lane, fold }: Row): string {
  return lane ? lane.name : `${fold.count} more`;
}

/** What is said at the end of a row, the most important first. */
export function wordsOf({ lane, fold }: Row, to: number): string[] {
  if (lane) return notesOf(lane, to);
  const states = [...fold.states].map(([state, count]) => `${count} ${state}`);
  return [states.join(", "), `within ${formatDuration(fold.to - fold.from)}`];
}

/** A text from `x` up to `edge` at most. */
export function place(
  text: string,
  x: number,
  y: number,
  size: number,
  edge: number,
  isBold: boolean,
): Label | undefined {
  const shown = fit(text, edge - x, (text) => pixels(text, size, isBold));
  return shown === "" ? undefined : { text: shown, x, y, size, width: pixels(shown, size, isBold) };
}

/** Which rows have room for their text: all, or the most interesting ones, so many pixels from each other. */
export function labeled(rows: readonly Row[], places: readonly number[], apart: number): ReadonlySet<number> {
  const rank = ({ lane, depth }: Row) => lane ? interestOf(lane) + (depth === 0 ? 10 : 0) : 3;
  const ranks = rows.map(rank);
  const order = rows.map((_, index) => index).sort((a, b) => (ranks[b] as number) - (ranks[a] as number) || a - b);
  const shown = new Set<number>();
  for (const index of order) {
    const isFree = [-2, -1, 1, 2].every((by) => {
      const distance = Math.abs((places[index + by] ?? Infinity) - (places[index] as number));
      return distance >= apart || !shown.has(index + by);
    });
    if (isFree) shown.add(index);
  }
  return shown;
}
