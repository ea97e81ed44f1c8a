/**
 * How a timeline looks: its style sheet, patterns and marks. Nothing in here comes from outside. Every class and id begins
 * with `ts-`, as a picture may stand in a page among others.
 *
 * @module
 */
import type { TaskState } from "../observer.ts";
import { type Palette, PALETTES } from "./timeline_palette.ts";

/** `auto`: as the reader's system prefers. See {@linkcode TimelineOptions}. */
export type TimelineTheme = "auto" | "light" | "dark";

/** Every state, in the order of the legend. */
const STATES: readonly TaskState[] = ["succeeded", "failed", "canceled", "abandoned", "running", "queued"];

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif';

/** The style sheet. Colors are written out, because not every viewer of SVG knows variables. */
export function styleSheet(theme: TimelineTheme): string {
  const base = [
    `.ts-timeline text{font-family:${FONT}}`,
    ".ts-bold{font-weight:600}",
    ".ts-halo{paint-order:stroke;stroke-width:3.5px;stroke-linejoin:round}",
    ".ts-lane .ts-hit{fill-opacity:0}",
    ".ts-lane:hover .ts-hit{fill-opacity:.07}",
  ].join("");
  if (theme !== "auto") return base + rules(PALETTES[theme]);
  return `${base}${rules(PALETTES.light)}@media screen and (prefers-color-scheme:dark){${rules(PALETTES.dark)}}`;
}

function rules(palette: Palette): string {
  const { background, card, border, grid, text, muted, alarm, cancel, past, lanes } = palette;
  const own = (name: string, declarations: string) => `.ts-${name}{${declarations}}`;
  return [
    own("background", `fill:${background}`),
    own("card", `fill:${card};stroke:${border}`),
    own("grid", `stroke:${grid}`),
    own("guide", `stroke:${muted};stroke-opacity:.55;fill:none`),
    own("text", `fill:${text}`),
    own("muted", `fill:${muted}`),
    own("halo", `stroke:${card}`),
    own("hit", `fill:${text}`),
    own("line", `stroke:${text};fill:none`),
    own("icon", `stroke:${muted};fill:none`),
    own("alarm", `fill:${alarm}`),
    own("alarm-line", `stroke:${alarm};fill:none`),
    own("cancel", `fill:${cancel}`),
    own("cancel-line", `stroke:${cancel};fill:none`),
    own("past", `fill:${past}`),
    own("past-line", `stroke:${past};fill:none`),
    own("gap", `stroke:${card};fill:none`),
    own("ring", `stroke:${card}`),
    ...STATES.flatMap((state) => [
      own(state, `fill:${lanes[state]}`),
      own(`${state}-line`, `stroke:${lanes[state]};fill:none`),
    ]),
  ].join("");
}

/** The patterns of the outcomes, and the marks at the ends of bars. */
export function definitions(): string {
  return [
    pattern("failed", 5, '<path d="M0 0 5 5M5 0 0 5" class="ts-gap" stroke-width="1"/>', true),
    pattern("canceled", 6, '<path d="M-1 7 7 -1M-4 4 4 -4M2 10 10 2" class="ts-gap" stroke-width="1.8"/>', true),
    pattern("abandoned", 4, '<path d="M0 2H4" class="ts-gap" stroke-width="1.4"/>', true),
    pattern("gone", 5, '<path d="M-1 6 6 -1M-3.5 3.5 3.5 -3.5M1.5 8.5 8.5 1.5" class="ts-abandoned-line"/>', false),
    symbol("succeeded", '<path d="M2 6.5 5 9.5 10.5 3" class="ts-succeeded-line" stroke-width="2"/>'),
    symbol("failed", '<path d="M2.5 2.5 9.5 9.5M9.5 2.5 2.5 9.5" class="ts-failed-line" stroke-width="2"/>'),
    symbol(
      "canceled",
      '<g class="ts-canceled-line" stroke-width="1.7"><circle cx="6" cy="6" r="4.4"/><path d="M3 9 9 3"/></g>',
    ),
    symbol(
      "abandoned",
      '<path d="M6 1 11.4 10.8H.6Z" class="ts-abandoned"/><path d="M6 4.3V7.2M6 8.3V9.6" class="ts-gap" stroke-width="1.5"/>',
    ),
    symbol("running", '<path d="M2 2 6 6 2 10M6.5 2 10.5 6 6.5 10" class="ts-running-line" stroke-width="1.7"/>'),
    symbol(
      "queued",
      '<g class="ts-queued"><circle cx="2" cy="6" r="1.4"/><circle cx="6" cy="6" r="1.4"/><circle cx="10" cy="6" r="1.4"/></g>',
    ),
    symbol("scope", '<path d="M4 1.5H1.5V10.5H4M8 1.5H10.5V10.5H8" class="ts-icon" stroke-width="1.5"/>'),
    symbol("task", '<circle cx="6" cy="6" r="2.2" class="ts-muted"/>'),
    symbol("detached", '<path d="M1.5 1.5V7.5H9.5M6.5 4 10 7.5 6.5 11" class="ts-past-line" stroke-width="1.7"/>'),
    symbol(
      "shield",
      '<path d="M6 1 10.5 2.6V6C10.5 8.6 8.6 10.3 6 11.2 3.4 10.3 1.5 8.6 1.5 6V2.6Z" class="ts-icon" stroke-width="1.5"/>',
    ),
    symbol("fold", '<path d="M2 3H10M2 6H10M2 9H10" class="ts-icon" stroke-width="1.4"/>'),
    symbol(
      "kept",
      '<path d="M6 5V12" class="ts-line" stroke-width="1.6"/><path d="M6 .6 8.4 3 6 5.4 3.6 3Z" class="ts-line" stroke-width="1.2"/>',
    ),
    symbol(
      "missed",
      '<path d="M6 5V12" class="ts-alarm-line" stroke-width="2"/><path d="M6 0 9 3 6 6 3 3Z" class="ts-alarm"/>',
    ),
  ].join("");
}

function pattern(name: string, size: number, content: string, isFilled: boolean): string {
  const fill = isFilled ? `<rect width="${size}" height="${size}" class="ts-${name}"/>` : "";
  const attributes = `width="${size}" height="${size}" patternUnits="userSpaceOnUse"`;
  return `<pattern id="ts-${name}-fill" ${attributes}>${fill}${content}</pattern>`;
}

function symbol(name: string, content: string): string {
  return `<symbol id="ts-${name}" viewBox="0 0 12 12">${content}</symbol>`;
}
