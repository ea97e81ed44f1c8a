/**
 * Where everything of a timeline is, in pixels: no two labels overlap, nothing is outside of the picture.
 *
 * @module
 */
import { fit } from "./columns.ts";
import { interestOf } from "./timeline_facts.ts";
import { type Columns, columnsFor, GAP, labeled, nameOf, place, SEPARATOR, wordsOf } from "./timeline_labels.ts";
import {
  type End,
  type Label,
  type Link,
  PAD,
  type PlacedPanel,
  type PlacedRow,
  round,
  type Sizes,
  sizesFor,
  type Spine,
} from "./timeline_geometry.ts";
import type { Lane } from "./timeline_lane.ts";
import { pixels } from "./timeline_measure.ts";
import type { Panel, Row } from "./timeline_rows.ts";
import { formatMoment, ticksOf } from "./timeline_time.ts";

const TITLE = 30;
const AXIS = 26;
const FLAGS = 3; // lines that say whose end it is, a card
const HEADS = 40; // how many spines are looked at for a free place

/**
 * Places panels below each other.
 *
 * @param width Of the whole picture.
 * @param top Where the first one begins.
 */
export function layOut(panels: readonly Panel[], width: number, top: number): PlacedPanel[] {
  const sizes = sizesFor(panels.reduce((sum, { rows }) => sum + rows.length, 0));
  const columns = columnsFor(panels, width, sizes);
  const placed: PlacedPanel[] = [];
  for (const panel of panels) {
    const last = new PanelLayout(panel, sizes, columns, top).place();
    placed.push(last);
    top = last.bottom + PAD;
  }
  return placed;
}

class PanelLayout {
  readonly #panel: Panel;
  readonly #sizes: Sizes;
  readonly #columns: Columns;
  readonly #top: number;
  #y: number;
  readonly #cards: { top: number; bottom: number }[] = [];
  readonly #ends: End[] = [];
  readonly #taken: { x: number; top: number; bottom: number }[] = [];

  constructor(panel: Panel, sizes: Sizes, columns: Columns, top: number) {
    this.#panel = panel;
    this.#sizes = sizes;
    this.#columns = columns;
    this.#top = top;
    this.#y = top;
  }

  place(): PlacedPanel {
    const { panel, sizes, columns } = { panel: this.#panel, sizes: this.#sizes, columns: this.#columns };
    const { title: text, from, to } = panel;
    const width = pixels(text, 15, true);
    const title = text === "" ? undefined : { text, x: PAD, y: this.#y + 12, size: 15, width };
    this.#y += (title ? TITLE : 0) + AXIS;
    const axis = this.#y - 12;
    const moment = momentAt(from, axis, columns.edge + 8);
    const ticks = ticksOf(to - from, (columns.right - columns.left) / 90).map(({ after, text }) => {
      const x = this.#xOf(from + after);
      return { after, text: x + pixels(text, moment.size) / 2 + GAP <= moment.x ? text : "", x };
    });
    const top = this.#y;
    const rows = this.#rows();
    const byLane = new Map(rows.flatMap((row) => row.lane ? [[row.lane, row] as const] : []));
    const links = rows.flatMap((row) => this.#link(row, byLane));
    return {
      panel,
      sizes,
      title,
      axis,
      moment,
      ticks,
      top,
      bottom: this.#y,
      cards: this.#cards,
      rows,
      ends: this.#ends,
      links,
      spines: rows.flatMap((row) => this.#spine(row, byLane)),
      xOf: (at) => this.#xOf(at),
    };
  }

  #xOf(at: number): number {
    const { from, to } = this.#panel;
    const { left, right } = this.#columns;
    return round(left + Math.min(1, Math.max(0, (at - from) / (to - from))) * (right - left));
  }

  #rows(): PlacedRow[] {
    const { rows } = this.#panel;
    const { pitch, label } = this.#sizes;
    const apart = label * 1.2;
    const [inset, gap] = pitch >= 17 ? [4, 8] : [2, 3];
    const places: number[] = [];
    for (let at = 0; at < rows.length;) {
      const first = at++; // of the card: a root and all below it, or several roots with nothing below
      while ((rows[at]?.depth ?? 0) > 0) at++;
      if (at === first + 1) { while (at < rows.length && isAlone(rows, at)) at++; }
      const top = this.#y;
      this.#y += inset;
      for (let index = first; index < at; index++) {
        const takes = isSpecial(rows[index]) ? Math.max(pitch, apart) : pitch;
        places.push(round(this.#y + takes / 2));
        this.#y += takes;
      }
      this.#endsIn(rows.slice(first, at), places.slice(first));
      this.#y += inset;
      this.#cards.push({ top, bottom: this.#y });
      this.#y += gap;
    }
    const shown = labeled(rows, places, apart);
    return rows.map((row, index) => this.#row(row, places[index] as number, shown.has(index)));
  }

  #row(row: Row, y: number, isLabeled: boolean): PlacedRow {
    const { lane, fold, depth } = row;
    const { indent, edge, left: start } = this.#columns;
    const { label: size, note } = this.#sizes;
    const { to } = this.#panel;
    const x = PAD + GAP + depth * indent;
    const left = this.#xOf(lane ? lane.spawned : fold.from);
    const right = Math.max(left + 3, this.#xOf(lane ? lane.last(to) : fold.to));
    const placed = { ...row, y, x, left, right };
    if (!isLabeled) return { ...placed, label: undefined, notes: [] };
    const after = Math.max(right, this.#markOf(lane)) + 22;
    const label = place(nameOf(row), x + 17, y, size, start - GAP, depth === 0);
    const [first = "", ...others] = wordsOf(row, to);
    const notes = [place(first, after, y, note, edge, true)];
    if (notes[0]?.text === first && others.length > 0) {
      notes.push(place(SEPARATOR + others.join(SEPARATOR), after + notes[0].width, y, note, edge, false));
    }
    return { ...placed, label, notes: notes.filter((note) => note !== undefined) };
  }

  /** How far to the right a deadline is shown. */
  #markOf(lane: Lane | undefined): number {
    return lane?.deadline !== undefined && lane.deadline <= this.#panel.to ? this.#xOf(lane.deadline) : 0;
  }

  /** The ends of requests that something in this card outlived; each has a line with its name below the card's rows. */
  #endsIn(rows: readonly Row[], places: readonly number[]): void {
    const bottoms = new Map<Lane, number>();
    const tops = new Map<Lane | undefined, number>();
    for (const [index, { lane }] of rows.entries()) {
      const y = places[index] as number;
      tops.set(lane, y);
      if (lane?.outlived) bottoms.set(lane.outlived, y);
    }
    let flags = 0;
    for (const [root, bottom] of bottoms) {
      const x = this.#xOf(root.ended ?? 0);
      const top = (tops.get(root) ?? bottom) - this.#sizes.bar;
      const size = Math.max(10, this.#sizes.note - 0.5);
      const text = fit(`end of ${root.name}`, 240, (text) => pixels(text, size));
      const width = pixels(text, size);
      const hasLabel = flags++ < FLAGS;
      if (hasLabel) this.#y += size + 5;
      const y = this.#y - size / 2 - 2;
      const left = x + 6 + width > this.#columns.edge ? x - 6 - width : x + 6;
      const label = hasLabel ? { text, x: left, y, size, width } : undefined;
      this.#ends.push({ x, top, label, bottom: hasLabel ? y + size / 2 : bottom + this.#sizes.bar });
      this.#taken.push({ x, top, bottom: y });
    }
  }

  #link({ lane, y: bottom }: PlacedRow, byLane: ReadonlyMap<Lane, PlacedRow>): Link[] {
    const spawner = lane?.kind === "detached" && lane.spawner ? byLane.get(lane.spawner) : undefined;
    return lane && spawner ? [{ x: this.#xOf(lane.spawned), top: spawner.y, bottom }] : [];
  }

  #spine({ lane, y: top }: PlacedRow, byLane: ReadonlyMap<Lane, PlacedRow>): Spine[] {
    const { cancel } = lane ?? {};
    if (cancel === undefined || cancel.origin !== lane) return [];
    const heads = cancel.reached.map((lane) => byLane.get(lane)?.y ?? 0).filter((y) => y > top).sort((a, b) => a - b);
    const bottom = heads.at(-1) ?? top;
    let x = this.#xOf(cancel.at);
    for (const taken of this.#taken.slice(-HEADS)) {
      const isFree = Math.abs(taken.x - x) > 4 || taken.bottom < top || taken.top > bottom;
      if (!isFree && taken.x - 5 > this.#columns.left) x = taken.x - 5;
    }
    if (heads.length > 0) this.#taken.push({ x, top, bottom });
    const failed = cancel.cause && byLane.get(cancel.cause);
    const cause = failed && { x: Math.min(failed.right - 1, x - 4), y: failed.y };
    return [{ cancel, x, top, heads, cause }];
  }
}

/** Whether it must have room for its text, however many rows there are. */
function isSpecial(row: Row | undefined): boolean {
  return row?.lane === undefined || row.depth === 0 || interestOf(row.lane) > 0;
}

function momentAt(at: number, y: number, right: number): Label {
  const [text, size] = [formatMoment(at), 11];
  const width = pixels(text, size);
  return { text, x: right - width, y, size, width };
}

/** A root with nothing below it. */
function isAlone(rows: readonly Row[], index: number): boolean {
  return rows[index]?.depth === 0 && (rows[index + 1]?.depth ?? 0) === 0;
}
