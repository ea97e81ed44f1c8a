/**
 * A timeline as a picture that stands on its own: SVG without scripts, and without anything to load.
 *
 * @module
 */
import { assertCount, assertNumber, assertOneOf, assertOptions, assertText } from "../validate.ts";
import { inertText } from "../inert_text.ts";
import { fit } from "./columns.ts";
import { xml } from "./escape.ts";
import type { LifecycleEvent } from "./events.ts";
import { drawLabel, drawRow } from "./timeline_bars.ts";
import { summaryOf, why } from "./timeline_facts.ts";
import { PAD, type PlacedPanel, round } from "./timeline_geometry.ts";
import { Head } from "./timeline_head.ts";
import { layOut } from "./timeline_layout.ts";
import { pixels } from "./timeline_measure.ts";
import { readModel } from "./timeline_model.ts";
import { arrange, type Chapter } from "./timeline_rows.ts";
import { definitions, styleSheet, type TimelineTheme } from "./timeline_style.ts";
import { formatMoment } from "./timeline_time.ts";

/** Options of {@linkcode renderTimeline}. */
export interface TimelineOptions {
  /**
   * What stands above it.
   *
   * @default "Timeline"
   */
  readonly title?: string | undefined;
  /**
   * Dark or light; `auto`: as the reader's system prefers.
   *
   * @default "auto"
   */
  readonly theme?: TimelineTheme | undefined;
  /**
   * How wide it is, in pixels, from 640 to 4000; its height follows from what is in it.
   *
   * @default 1280
   */
  readonly width?: number | undefined;
  /** Parts with a title and a time axis of their own. Default: one for all. */
  readonly chapters?: readonly Chapter[] | undefined;
  /**
   * How many scopes and tasks have a lane of their own, at most; beyond that, the least interesting ones are folded.
   *
   * @default 600
   */
  readonly maxLanes?: number | undefined;
  /** Up to when what has not ended is known to go on, in milliseconds since 1970. Default: the last event. */
  readonly now?: number | undefined;
}

const OPTIONS = ["title", "theme", "width", "chapters", "maxLanes", "now"];
const WHAT = "Cannot render a timeline";

/**
 * Draws what happened as a standalone SVG: a lane a scope or task, under what owns it or spawned it.
 *
 * It shows what outlived its request, what was canceled by whom, and what missed its deadline; outcomes differ in
 * color, pattern and mark. Each lane has a tooltip with all that is known of it. The same events make the same picture.
 *
 * **Guarantees.** The picture loads nothing and runs nothing; names, reasons and errors in it are inert, whatever they
 * contain. Events may be incomplete, as those of a recorder are that has forgotten the oldest ones.
 *
 * @param events In the order in which they happened.
 * @returns The text of an SVG document, without an XML declaration, so that it may also stand inside a page.
 * @throws {TypeError} If an option has the wrong shape.
 * @throws {RangeError} If an option is out of bounds.
 *
 * @example A task, and what became of it
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { type LifecycleEvent, renderTimeline } from "@taskscope/taskscope/inspect";
 *
 * const task = { id: 1, parent: null, spawner: null, kind: "scope", name: "page", deadline: null, queued: false } as const;
 * const events: LifecycleEvent[] = [
 *   { type: "spawn", at: 0, ...task },
 *   { type: "settle", at: 20, id: 1, state: "succeeded", late: false, by: null, message: null },
 * ];
 * assertStringIncludes(renderTimeline(events, { title: "One page" }), "<svg");
 * ```
 */
export function renderTimeline(events: Iterable<LifecycleEvent>, options: TimelineOptions = {}): string {
  assertOptions(options, OPTIONS, WHAT);
  const { theme = "auto", width = 1_280, chapters = [], maxLanes = 600, now } = options;
  assertText(options.title, "title", WHAT);
  assertOneOf(theme, ["auto", "light", "dark"], "theme", WHAT);
  assertNumber(width, "width", WHAT, 640, 4_000);
  assertCount(maxLanes, "maxLanes", WHAT);
  if (now !== undefined) assertNumber(now, "now", WHAT);
  const model = readModel(events, now);
  const title = inertText(options.title ?? "Timeline", 120);
  const parts = chapters.map(({ at, title }) => ({ at, title: inertText(title, 160) }));
  const head = new Head(title, summaryOf(model), width);
  const panels = layOut(arrange(model, parts, maxLanes), width, head.bottom);
  const height = Math.ceil((panels.at(-1)?.bottom ?? head.bottom) + PAD);
  const description = `${summaryOf(model).join("; ")}. Begins ${formatMoment(model.from)}.`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="ts-timeline" role="img"`,
    ` width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<title>${xml(title)}</title><desc>${xml(description)}</desc>`,
    `<style>${styleSheet(theme)}</style><defs>${definitions()}</defs>`,
    `<rect width="${width}" height="${height}" class="ts-background"/>`,
    head.svg,
    ...panels.map((panel) => drawPanel(panel, width)),
    "</svg>\n",
  ].join("");
}

function drawPanel(panel: PlacedPanel, width: number): string {
  const { title, moment, ticks, axis, top, bottom, cards, rows, ends, links, spines } = panel;
  const [left, right] = [PAD, width - PAD];
  const tick = 'font-size="11" text-anchor="middle" class="ts-muted"';
  return [
    '<g class="ts-panel">',
    title
      ? drawLabel(
        { ...title, text: fit(title.text, width - 2 * PAD, (text) => pixels(text, 15, true)) },
        "ts-text ts-bold",
      )
      : "",
    `<text x="${right}" y="${axis + 4}" font-size="11" text-anchor="end" class="ts-muted">${moment.text}</text>`,
    ...cards.map((card) =>
      `<rect x="${left}" y="${round(card.top)}" width="${right - left}" height="${
        round(card.bottom - card.top)
      }" rx="8" class="ts-card"/>`
    ),
    `<path d="${ticks.map(({ x }) => `M${x} ${round(top)}V${round(bottom - 4)}`).join("")}" class="ts-grid"/>`,
    ...ticks.filter(({ text }) => text !== "").map(({ x, text }) =>
      `<text x="${x}" y="${axis + 4}" ${tick}>${text}</text>`
    ),
    guides(panel),
    ...links.map(({ x, top, bottom }) =>
      `<path d="M${x} ${round(top)}V${
        round(bottom)
      }" class="ts-past-line" stroke-width="1.5" stroke-dasharray="1.5 3"/>`
    ),
    ...ends.map(({ x, top, bottom }) =>
      `<path d="M${x} ${round(top)}V${round(bottom)}" class="ts-past-line" stroke-width="1.5" stroke-dasharray="6 3"/>`
    ),
    ...spines.filter(({ heads }) => heads.length > 0).map(({ x, top, heads }) =>
      `<path d="M${round(x)} ${round(top)}V${round(heads.at(-1) ?? top)}" class="ts-cancel-line" stroke-width="1.6"/>`
    ),
    ...spines.map(({ top, cause }) =>
      cause === undefined
        ? ""
        : `<path d="M${round(cause.x)} ${round(cause.y)}V${
          round(top)
        }" class="ts-alarm-line" stroke-width="1.6" stroke-dasharray="2 2.5"/>`
    ),
    ...rows.map((row) => drawRow(row, panel, left, right)),
    ...spines.map((spine) => drawSpine(spine, panel)),
    ...ends.map(({ label }) => label ? drawLabel(label, "ts-past ts-halo ts-bold") : ""),
    "</g>",
  ].join("");
}

/** What stands under what. */
function guides({ rows, sizes }: PlacedPanel): string {
  const lasts: { x: number; y: number }[] = []; // by depth: where the line down begins
  let d = "";
  for (const { depth, x, y } of rows) {
    const above = lasts[depth - 1];
    if (above) d += `M${round(above.x)} ${round(above.y)}V${round(y)}H${round(x - 2)}`;
    lasts[depth] = { x: x + 6, y: y + Math.min(8, sizes.pitch / 2) };
    if (above) above.y = y;
  }
  return d === "" ? "" : `<path d="${d}" class="ts-guide" stroke-width="1"/>`;
}

function drawSpine({ cancel, x, top, heads }: PlacedPanel["spines"][number], { sizes }: PlacedPanel): string {
  const { origin, reached } = cancel;
  const size = sizes.pitch >= 17 ? 4.5 : 2.5;
  const head = (y: number) => `M${round(x)} ${round(y - sizes.bar / 2 + 1)}l${-size} ${-size * 1.5}h${2 * size}z`;
  if (heads.length === 0 && cancel.kind === "deadline" && origin.isMissed) return ""; // that has a mark of its own
  const reason = why(cancel);
  const title = `${origin.name} was canceled${reason && ` (${reason})`}, which reached ${reached.length}`;
  const dot = `<circle cx="${round(x)}" cy="${round(top)}" r="${size}" stroke-width="1.5" class="ts-cancel ts-ring"/>`;
  const arrows = heads.length > 0 ? `<path d="${heads.map(head).join("")}" class="ts-cancel"/>` : "";
  return `<g><title>${xml(title)}</title>${dot}${arrows}</g>`;
}
