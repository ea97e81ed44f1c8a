/**
 * Which lanes are shown, in which order: as a tree, and folded where there are too many.
 *
 * @module
 */
import type { TaskState } from "../observer.ts";
import { interestOf } from "./timeline_facts.ts";
import type { Lane } from "./timeline_lane.ts";
import type { Model } from "./timeline_model.ts";

/** What stands for all lanes that have no row of their own, under the same one. */
export interface Fold {
  count: number;
  readonly states: Map<TaskState, number>;
  from: number;
  to: number;
}

/** One line of a timeline: a lane, or those that are folded. */
export type Row =
  | { readonly depth: number; readonly lane: Lane; readonly fold: undefined }
  | { readonly depth: number; readonly lane: undefined; readonly fold: Fold };

/** A part of a timeline with a title and an axis of its own. See {@linkcode renderTimeline}. */
export interface Chapter {
  /** When it begins, in milliseconds since 1970: it has what is spawned from then on, and all below that. */
  readonly at: number;
  /** Shown above it. */
  readonly title: string;
}

/** One chapter and its rows. */
export interface Panel {
  readonly title: string;
  readonly from: number;
  readonly to: number;
  readonly rows: readonly Row[];
}

/**
 * Arranges what was recorded.
 *
 * @param most How many lanes have a row of their own: what is most interesting, and what it stands under.
 */
export function arrange(model: Model, chapters: readonly Chapter[], most: number): Panel[] {
  const kept = keep(model.lanes, most);
  const sorted = [...chapters].sort((a, b) => a.at - b.at);
  const tops: Lane[][] = [[], ...sorted.map(() => [])];
  const chapterOf = ({ spawned }: Lane) => sorted.findLastIndex(({ at }) => at <= spawned) + 1;
  for (const lane of model.lanes) if (lane.above === undefined) tops[chapterOf(lane)]?.push(lane);
  const folds = foldOthers(model, kept, chapterOf);
  const panels: Panel[] = [];
  for (const [index, lanes] of tops.entries()) {
    if (lanes.length === 0) continue;
    const rows = rowsOf(lanes, index, kept, folds);
    const title = sorted[index - 1]?.title ?? "";
    const next = tops.slice(index + 1).find(([first]) => first !== undefined)?.[0]?.spawned ?? model.to;
    panels.push({ title, rows, ...spanOf(rows, next) });
  }
  return panels;
}

/** A lane ranks as high as the highest below it, so whatever one of those kept stands under is kept, too. */
function keep(lanes: readonly Lane[], most: number): ReadonlySet<Lane> {
  if (lanes.length <= most) return new Set(lanes);
  const ranks = new Map(lanes.map((lane) => [lane, interestOf(lane)]));
  const rankOf = (lane: Lane) => ranks.get(lane) as number;
  for (const lane of lanes.toReversed()) {
    if (lane.above) ranks.set(lane.above, Math.max(rankOf(lane), rankOf(lane.above)));
  }
  const ranked = [...lanes].sort((a, b) => rankOf(b) - rankOf(a)); // stable: above comes first
  return new Set(ranked.slice(0, most));
}

/** By what they stand under; those at the top, by the number of their chapter. */
function foldOthers(
  { lanes, to }: Model,
  kept: ReadonlySet<Lane>,
  chapterOf: (lane: Lane) => number,
): ReadonlyMap<Lane | number, Fold> {
  const folds = new Map<Lane | number, Fold>();
  const placeOf = new Map<Lane, Lane | number>();
  for (const lane of lanes) {
    if (kept.has(lane)) continue;
    const { above = chapterOf(lane) } = lane;
    const place = typeof above === "number" || kept.has(above) ? above : placeOf.get(above) as Lane | number;
    placeOf.set(lane, place);
    let fold = folds.get(place);
    if (fold === undefined) folds.set(place, fold = { count: 0, states: new Map(), from: Infinity, to: -Infinity });
    fold.count++;
    fold.states.set(lane.state, (fold.states.get(lane.state) ?? 0) + 1);
    fold.from = Math.min(fold.from, lane.spawned);
    fold.to = Math.max(fold.to, lane.last(to));
  }
  return folds;
}

function rowsOf(
  tops: readonly Lane[],
  chapter: number,
  kept: ReadonlySet<Lane>,
  folds: ReadonlyMap<Lane | number, Fold>,
): Row[] {
  const rows: Row[] = [];
  const stack: Row[] = [];
  const push = (lanes: readonly Lane[], above: Lane | number, depth: number) => {
    const fold = folds.get(above);
    if (fold) stack.push({ lane: undefined, fold, depth });
    for (const lane of lanes.toReversed()) if (kept.has(lane)) stack.push({ lane, fold: undefined, depth });
  };
  push(tops, chapter, 0);
  for (let row = stack.pop(); row !== undefined; row = stack.pop()) {
    rows.push(row);
    if (row.lane) push(row.lane.below, row.lane, row.depth + 1);
  }
  return rows;
}

/** A chapter ends with the last thing that is known of it, so that later ones do not make it look short. */
function spanOf(rows: readonly Row[], next: number): { from: number; to: number } {
  let from = Infinity;
  let to = -Infinity;
  for (const { lane, fold } of rows) {
    from = Math.min(from, lane ? lane.spawned : fold.from);
    to = Math.max(to, lane ? lane.last(next) : fold.to, lane?.cancel?.at ?? 0);
  }
  return { from, to: Math.max(to, from + 1) };
}
