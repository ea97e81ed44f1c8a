/**
 * The parts of a picture of a timeline, with their places in pixels.
 *
 * @module
 */
import type { Cancel } from "./timeline_lane.ts";
import type { Panel, Row } from "./timeline_rows.ts";
import type { Tick } from "./timeline_time.ts";

/** The space around everything. */
export const PAD = 24;

/** What the sizes are, by how many rows there are. */
export interface Sizes {
  /** From one row to the next. */
  readonly pitch: number;
  readonly bar: number;
  readonly label: number;
  readonly note: number;
}

/** A piece of text. `y` is its middle. */
export interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly width: number;
}

/** A row and where it is. `y` is its middle. */
export type PlacedRow = Row & {
  readonly y: number;
  readonly label: Label | undefined;
  /** The first is what matters most. */
  readonly notes: readonly Label[];
  /** Where the kind is shown. */
  readonly x: number;
  /** The bar, from where it was spawned to where it was last seen. */
  readonly left: number;
  readonly right: number;
};

/** Cancellation: a line down from where it began, with a head for everyone it reached. */
export interface Spine {
  readonly cancel: Cancel;
  readonly x: number;
  readonly top: number;
  readonly heads: readonly number[];
  /** Where the failure was that it is about. */
  readonly cause: { readonly x: number; readonly y: number } | undefined;
}

/** The end of a request that something outlived. */
export interface End {
  readonly x: number;
  readonly top: number;
  readonly label: Label | undefined;
  readonly bottom: number;
}

/** From a scope to what was detached from it. */
export interface Link {
  readonly x: number;
  readonly top: number;
  readonly bottom: number;
}

/** A panel and where everything in it is. */
export interface PlacedPanel {
  readonly panel: Panel;
  readonly sizes: Sizes;
  readonly title: Label | undefined;
  readonly axis: number;
  /** When it begins; at the end of the axis. */
  readonly moment: Label;
  /** Without a text where there is no room for it. */
  readonly ticks: readonly (Tick & { readonly x: number })[];
  readonly top: number;
  readonly bottom: number;
  readonly cards: readonly { readonly top: number; readonly bottom: number }[];
  readonly rows: readonly PlacedRow[];
  readonly spines: readonly Spine[];
  readonly ends: readonly End[];
  readonly links: readonly Link[];
  readonly xOf: (at: number) => number;
}

/** @returns The smaller, the more rows there are; never so small that a pattern cannot be seen. */
export function sizesFor(rows: number): Sizes {
  if (rows <= 40) return { pitch: 30, bar: 14, label: 12.5, note: 11.5 };
  if (rows <= 80) return { pitch: 24, bar: 12, label: 12, note: 11 };
  if (rows <= 200) return { pitch: 17, bar: 9, label: 11, note: 10.5 };
  return { pitch: 10, bar: 6, label: 10, note: 10 };
}

/** To tenths of a pixel: what is written down stays short. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
