/**
 * The bars of a timeline, made of characters.
 *
 * @module
 */
import type { TaskState } from "../observer.ts";
import type { Cancel, Lane } from "./timeline_lane.ts";
import type { Panel, Row } from "./timeline_rows.ts";

/** The marks of the outcomes: a second sign beside the color, and in words the notes say it, too. */
export const MARKS: Readonly<Record<TaskState, string>> = {
  succeeded: "✓",
  failed: "✗",
  canceled: "⊘",
  abandoned: "!",
  running: "▶",
  queued: "…",
};

const [WORK, CUT, QUEUED, GONE, SCOPE, CUT_SCOPE] = ["█", "▓", "░", "▒", "━", "╍"];
const [BEGAN, REACHED, SPINE] = ["◉", "▼", "│"];
const [KEPT, MISSED] = ["◇", "◆"];
const [END, CROSSED] = ["┊", "╫"];

/** What the characters mean. */
export const LEGEND: readonly string[] = [
  `${WORK} task`,
  `${SCOPE} scope`,
  `${QUEUED} queued`,
  `${CUT} canceled`,
  `${GONE} abandoned`,
  `${BEGAN} cancellation begins`,
  `${REACHED} reaches`,
  `${KEPT} deadline`,
  `${MISSED} missed`,
  `${END} end of the request`,
  `${CROSSED} outlived it`,
  "⇢ detached",
  "⊞ shield",
  ...Object.entries(MARKS).map(([state, mark]) => `${mark} ${state}`),
];

/**
 * Draws the bars of all rows.
 *
 * @param width In columns.
 * @returns One array of characters a row.
 */
export function drawCells({ rows, from, to }: Panel, width: number): string[][] {
  const at = (moment: number) => {
    const column = Math.floor(((moment - from) / (to - from)) * width);
    return Math.min(width - 1, Math.max(0, column));
  };
  const indexes = new Map<Lane, number>();
  for (const [index, { lane }] of rows.entries()) if (lane) indexes.set(lane, index);
  const cells = rows.map((row) => drawBar(row, to, width, at));
  const outlived = new Map<Lane, number[]>();
  for (const [index, { lane }] of rows.entries()) {
    const { outlived: root } = lane ?? {};
    if (root) outlived.get(root)?.push(index) ?? outlived.set(root, [index]);
  }
  for (const [root, by] of outlived) drawEnd(cells, indexes.get(root) ?? 0, by, at(root.ended ?? to));
  for (const [index, { lane }] of rows.entries()) {
    if (lane?.cancel && lane.cancel.origin === lane) drawCancel(cells, index, lane.cancel, indexes, at);
  }
  for (const [index, { lane }] of rows.entries()) {
    const { deadline } = lane ?? {};
    if (deadline !== undefined && deadline <= to) {
      (cells[index] as string[])[at(deadline)] = lane?.isMissed ? MISSED : KEPT;
    }
  }
  return cells;
}

function drawBar({ lane, fold }: Row, to: number, width: number, at: (moment: number) => number): string[] {
  const cells = Array<string>(width).fill(" ");
  if (fold) return cells.fill(QUEUED, at(fold.from), at(fold.to) + 1);
  const { spawned, started, ended = to, state } = lane;
  const isCut = state === "canceled";
  const work = lane.kind === "scope" ? (isCut ? CUT_SCOPE : SCOPE) : isCut ? CUT : WORK;
  cells.fill(QUEUED, at(spawned), at(started ?? ended) + 1);
  if (started !== undefined) cells.fill(work, at(started), at(ended) + 1);
  if (state === "abandoned") cells.fill(GONE, at(ended) + 1, at(lane.last(to)) + 1);
  return cells;
}

/** The end of a request, down to the last that outlived it. */
function drawEnd(cells: string[][], first: number, by: readonly number[], column: number): void {
  for (let index = first + 1; index < (by.at(-1) ?? 0); index++) {
    const row = cells[index] as string[];
    if (row[column] === " ") row[column] = END;
  }
  for (const index of by) (cells[index] as string[])[column] = CROSSED;
}

function drawCancel(
  cells: string[][],
  index: number,
  cancel: Cancel,
  indexes: ReadonlyMap<Lane, number>,
  at: (moment: number) => number,
): void {
  const column = at(cancel.at);
  const reached = cancel.reached.map((lane) => indexes.get(lane) ?? 0);
  const last = reached.reduce((most, index) => Math.max(most, index), index);
  (cells[index] as string[])[column] = BEGAN;
  for (let row = index + 1; row < last; row++) {
    const line = cells[row] as string[];
    if (line[column] === " " || line[column] === END) line[column] = SPINE;
  }
  for (const row of reached) if (row > index) (cells[row] as string[])[column] = REACHED;
}
