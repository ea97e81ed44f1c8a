/**
 * What stands above a picture of a timeline: title, summary and legend.
 *
 * @module
 */
import { fit } from "./columns.ts";
import { drawLabel, use } from "./timeline_bars.ts";
import { PAD } from "./timeline_geometry.ts";
import { pixels } from "./timeline_measure.ts";

const SUMMARY = 13;
const LINES = 4; // of the summary, at most

/** Title, summary and legend. */
export class Head {
  readonly svg: string;
  readonly bottom: number;

  constructor(title: string, summary: readonly string[], width: number) {
    const room = width - 2 * PAD;
    const shown = fit(title, room, (text) => pixels(text, 20, true));
    let y = PAD + 12;
    const parts = [drawLabel({ text: shown, x: PAD, y, size: 20, width: room }, "ts-text ts-bold")];
    y += 14;
    for (const text of wrap(summary, room).slice(0, LINES)) {
      y += 19;
      parts.push(drawLabel({ text, x: PAD, y: y - 5, size: SUMMARY, width: room }, "ts-muted"));
    }
    y += 22;
    let x = PAD;
    for (const [mark, text, width] of LEGEND) {
      const takes = width + 6 + pixels(text, 11.5) + 16;
      if (x + takes > PAD + room) [x, y] = [PAD, y + 20];
      parts.push(sample(mark, x, y), drawLabel({ text, x: x + width + 6, y, size: 11.5, width: takes }, "ts-muted"));
      x += takes;
    }
    this.svg = `<g>${parts.join("")}</g>`;
    this.bottom = y + 26;
  }
}

function wrap(parts: readonly string[], room: number): string[] {
  const measure = (text: string) => pixels(text, SUMMARY);
  const lines: string[] = [];
  for (const part of parts) {
    const joined = lines.length > 0 ? `${lines.at(-1)}  ·  ${part}` : part;
    if (lines.length > 0 && measure(joined) <= room) lines[lines.length - 1] = joined;
    else lines.push(fit(part, room, measure));
  }
  return lines;
}

const LEGEND: readonly (readonly [string, string, number])[] = [
  ["succeeded", "succeeded", 44],
  ["failed", "failed", 44],
  ["canceled", "canceled", 44],
  ["abandoned", "abandoned", 44],
  ["running", "running", 44],
  ["queued", "queued", 44],
  ["kept", "deadline", 14],
  ["missed", "deadline missed", 14],
  ["arrow", "cancellation, and whom it reached", 14],
  ["detached", "detached task", 14],
  ["past", "past the end of its request", 30],
  ["shield", "shield", 14],
];

function sample(mark: string, x: number, y: number): string {
  switch (mark) {
    case "arrow":
      return `<path d="M${x + 6} ${y - 7}V${y + 3}" class="ts-cancel-line" stroke-width="1.6"/>` +
        `<path d="M${x + 6} ${y + 7}l-4.5 -6.7h9z" class="ts-cancel"/>`;
    case "past":
      return `<path d="M${x} ${y + 4}H${x + 30}" class="ts-past-line" stroke-width="2.5"/>` +
        `<path d="M${x + 2} ${y - 7}V${y + 7}" class="ts-past-line" stroke-width="1.5" stroke-dasharray="6 3"/>`;
    case "kept":
    case "missed":
    case "detached":
    case "shield":
      return use(mark, x, y, 14);
    case "queued":
      return `<rect x="${x}" y="${
        y - 5
      }" width="26" height="10" rx="3" class="ts-queued-line" stroke-width="1.2" stroke-dasharray="2 2"/>` +
        use(mark, x + 30, y, 12);
    default: {
      const fill = mark === "succeeded" || mark === "running" ? `class="ts-${mark}"` : `fill="url(#ts-${mark}-fill)"`;
      return `<rect x="${x}" y="${y - 5}" width="26" height="10" rx="3" ${fill}/>${use(mark, x + 30, y, 12)}`;
    }
  }
}
