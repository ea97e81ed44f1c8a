/**
 * One lane of the picture: its bar, marks and texts.
 *
 * @module
 */
import type { TaskState } from "../observer.ts";
import { xml } from "./escape.ts";
import { describe } from "./timeline_facts.ts";
import type { Lane } from "./timeline_lane.ts";
import { type Label, type PlacedPanel, type PlacedRow, round } from "./timeline_geometry.ts";

/** Draws a row. */
export function drawRow(row: PlacedRow, panel: PlacedPanel, left: number, right: number): string {
  const { lane, fold, y } = row;
  const { pitch } = panel.sizes;
  const hit = `<rect x="${left}" y="${round(y - pitch / 2)}" width="${
    right - left
  }" height="${pitch}" rx="4" class="ts-hit"/>`;
  const title = lane ? describe(lane, panel.panel.from, panel.panel.to) : `${fold.count} more, folded`;
  return [
    `<g class="ts-lane"><title>${xmlLines(title)}</title>${hit}`,
    use(lane ? lane.kind : "fold", row.x, y, Math.min(12, pitch - 1)),
    lane ? bar(lane, row, panel) : folded(row, panel),
    row.label ? drawLabel(row.label, row.depth === 0 ? "ts-text ts-bold" : "ts-text") : "",
    drawNotes(row.notes, lane),
    "</g>",
  ].join("");
}

/** Draws a text in the middle of its line. */
export function drawLabel({ text, x, y, size }: Label, classes: string): string {
  return `<text x="${round(x)}" y="${round(y + size * 0.36)}" font-size="${size}" class="${classes}">${
    xml(text)
  }</text>`;
}

/** Draws a mark; `y` is its middle. */
export function use(name: string, x: number, y: number, size: number): string {
  return `<use href="#ts-${name}" x="${round(x)}" y="${round(y - size / 2)}" width="${size}" height="${size}"/>`;
}

/** The first note is what matters most. */
function drawNotes([first, rest]: readonly Label[], lane: Lane | undefined): string {
  if (first === undefined) return "";
  const { x, y, size } = first;
  const attributes = `x="${round(x)}" y="${
    round(y + size * 0.36)
  }" font-size="${size}" class="ts-muted ts-halo" xml:space="preserve"`;
  return `<text ${attributes}><tspan class="${emphasis(lane)}">${xml(first.text)}</tspan>${
    xml(rest?.text ?? "")
  }</text>`;
}

function emphasis(lane: Lane | undefined): string {
  if (lane === undefined) return "ts-muted";
  if (lane.isMissed || lane.state === "abandoned" || lane.state === "failed") return "ts-alarm ts-bold";
  if (lane.outlived) return "ts-past ts-bold";
  return lane.cancel ? "ts-cancel ts-bold" : "ts-muted";
}

function bar(lane: Lane, row: PlacedRow, panel: PlacedPanel): string {
  const { xOf, sizes: { bar: full, pitch }, panel: { to } } = panel;
  const { y, right } = row;
  const height = lane.kind === "scope" ? Math.round(full * 0.55) : full;
  const { spawned, ended, state } = lane;
  const started = lane.started ?? ended ?? to;
  const parts: string[] = [];
  const [queued, begin] = [xOf(spawned), xOf(started)];
  const end = Math.max(xOf(ended ?? to), begin + 3);
  if (lane.started === undefined || begin - queued >= 1) {
    const width = Math.max(3, begin - queued);
    parts.push(rect(queued, y, width, height, 'class="ts-queued-line" stroke-width="1.2" stroke-dasharray="2 2"'));
  }
  if (lane.started !== undefined) {
    const isOpen = ended === undefined;
    const fill = fillOf(state);
    parts.push(isOpen ? arrow(begin, y, end - begin, height, fill) : rect(begin, y, end - begin, height, fill));
  }
  if (lane.kind === "shield") {
    const ring = 'class="ts-line" stroke-width="1.3"';
    parts.push(rect(queued - 2.5, y, Math.max(end, begin) - queued + 5, height + 5, ring));
  }
  if (state === "abandoned") parts.push(gone(lane, end, right, y, height));
  const over = pitch >= 17 ? 2.5 : 1.5;
  const { outlived, deadline } = lane;
  if (outlived?.ended !== undefined) {
    const x = xOf(outlived.ended);
    const across = `<path d="M${round(x)} ${round(y - full / 2 - 2)}V${round(y + full / 2 + 2)}" class="ts-`;
    parts.push(line(x, right, y + height / 2 + over, "ts-past-line", over));
    if (x > begin + 2) parts.push(`${across}gap" stroke-width="4.5"/>${across}past-line" stroke-width="1.5"/>`);
  }
  if (deadline !== undefined && deadline < lane.last(to)) {
    parts.push(line(xOf(deadline), right, y - height / 2 - over, "ts-alarm-line", over));
  }
  if (deadline !== undefined && deadline <= to) parts.push(deadlineMark(lane, xOf(deadline), right, y, pitch));
  else if (lane.isMissed) parts.push(use("missed", right - 6, y - 2, Math.min(18, pitch)));
  const size = Math.min(12, pitch);
  parts.push(use(state, right + (lane.kind === "shield" ? 7 : 5), y, size));
  return parts.join("");
}

/** From where it was abandoned to where it ended after all, or was last seen. */
function gone(lane: Lane, from: number, to: number, y: number, height: number): string {
  const shape = 'class="ts-abandoned-line" stroke-width="1.2" stroke-dasharray="3 2"';
  const width = Math.max(3, to - from);
  const outline = lane.endedLate === undefined
    ? arrow(from, y, width, height, shape)
    : rect(from, y, width, height, shape);
  return `${rect(from, y, width, height, 'fill="url(#ts-gone-fill)"')}${outline}`;
}

function deadlineMark(lane: Lane, x: number, right: number, y: number, pitch: number): string {
  const size = Math.min(22, pitch);
  const slack = x > right + 20 ? line(right + 20, x - 2, y, "ts-guide", 1, "1 3") : "";
  return slack + use(lane.isMissed ? "missed" : "kept", x - size / 2, y - size * 0.12, size);
}

function folded({ left, right, y }: PlacedRow, { sizes }: PlacedPanel): string {
  const outline = 'class="ts-queued-line" stroke-width="1" stroke-dasharray="1 2"';
  return rect(left, y, right - left, sizes.bar, outline);
}

function fillOf(state: TaskState): string {
  const hasPattern = state === "failed" || state === "canceled" || state === "abandoned";
  return hasPattern ? `fill="url(#ts-${state}-fill)"` : `class="ts-${state}"`;
}

function rect(x: number, y: number, width: number, height: number, attributes: string): string {
  const radius = Math.min(3, height / 3, width / 3);
  const position = `x="${round(x)}" y="${round(y - height / 2)}" width="${round(width)}" height="${height}"`;
  return `<rect ${position} rx="${round(radius)}" ${attributes}/>`;
}

/** A bar that is open at its end. */
function arrow(x: number, y: number, width: number, height: number, attributes: string): string {
  const tip = Math.min(height / 2, width);
  const half = height / 2;
  const d = `M${round(x)} ${round(y - half)}h${round(width - tip)}l${round(tip)} ${round(half)} ${round(-tip)} ${
    round(half)
  }h${round(tip - width)}z`;
  return `<path d="${d}" ${attributes}/>`;
}

function line(from: number, to: number, y: number, classes: string, width: number, dashes = ""): string {
  const dash = dashes === "" ? "" : ` stroke-dasharray="${dashes}"`;
  return `<path d="M${round(from)} ${round(y)}H${
    round(Math.max(to, from + 1))
  }" class="${classes}" stroke-width="${width}"${dash}/>`;
}

/** Lines stay lines: escaped one by one. */
function xmlLines(text: string): string {
  return text.split("\n").map(xml).join("\n");
}
