/**
 * Times as a person reads them, and the ticks of an axis.
 *
 * @module
 */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What ticks may be apart, up to a day. */
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500]
  .concat([1, 2, 5, 10, 15, 30].map((count) => count * SECOND))
  .concat([1, 2, 5, 10, 15, 30].map((count) => count * MINUTE))
  .concat([1, 2, 3, 6, 12].map((count) => count * HOUR));

/** A duration in milliseconds, as text: `0 ms`, `1.25 s`, `10 min`. */
export function formatDuration(ms: number): string {
  if (ms < SECOND - 0.5) return `${Math.round(ms)} ms`;
  if (ms < MINUTE - 5) return `${trim(ms / SECOND, ms < 10 * SECOND ? 2 : 1)} s`;
  if (ms < HOUR - 3 * SECOND) return `${trim(ms / MINUTE, 1)} min`;
  return ms < DAY ? `${trim(ms / HOUR, 1)} h` : `${trim(ms / DAY, 1)} d`;
}

/** A moment, as text: `2026-11-21 15:04:05.123 UTC`. */
export function formatMoment(at: number): string {
  if (!(Math.abs(at) <= 8.64e15)) return String(at);
  return new Date(at).toISOString().replace("T", " ").replace("Z", " UTC");
}

/** A mark of an axis. */
export interface Tick {
  /** Milliseconds after its beginning. */
  readonly after: number;
  readonly text: string;
}

/**
 * The ticks of an axis: round times, the first of them 0.
 *
 * @param span How long it is, in milliseconds.
 * @param most How many there is room for.
 */
export function ticksOf(span: number, most: number): Tick[] {
  const rough = Math.max(1, span / Math.max(1, most));
  const step = STEPS.find((step) => step >= rough) ?? niceDays(rough);
  const ticks: Tick[] = [];
  for (let after = 0; after <= span; after += step) ticks.push({ after, text: formatDuration(after) });
  if (ticks[0]) ticks[0] = { after: 0, text: "0" };
  return ticks;
}

function niceDays(rough: number): number {
  const days = Math.ceil(rough / DAY);
  const power = 10 ** Math.floor(Math.log10(days));
  return ([1, 2, 5, 10].find((factor) => factor * power >= days) ?? 10) * power * DAY;
}

function trim(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
