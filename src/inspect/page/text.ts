/**
 * Times and states as a person reads them. Runs in the page: see script.ts.
 *
 * @module
 */

/** What {@linkcode makeText} makes. */
export interface Text {
  duration(ms: number): string;
  plural(count: number, one: string): string;
  /** The sign of a state: it is not told by its color alone. */
  sign(state: string): string;
  clock(at: number): string;
}

/** Makes the functions. */
export function makeText(): Text {
  const signs: Record<string, string> = {
    queued: "◌",
    running: "▶",
    open: "○",
    canceling: "◐",
    cleanup: "◒",
    succeeded: "✓",
    failed: "✕",
    canceled: "⊘",
    abandoned: "⚠",
  };
  function two(number: number): string {
    return number < 10 ? `0${number}` : `${number}`;
  }
  function duration(ms: number): string {
    if (ms < 0) return `−${duration(-ms)}`;
    if (ms < 1_000) return `${Math.round(ms)} ms`;
    if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
    const seconds = Math.round(ms / 1_000);
    if (seconds < 3_600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)} min`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 2_880) return `${Math.floor(minutes / 60)}:${two(minutes % 60)} h`;
    return `${Math.floor(minutes / 1_440)} days`;
  }
  return {
    duration,
    plural: (count, one) => `${count.toLocaleString("en-US")} ${one}${count === 1 ? "" : "s"}`,
    sign: (state) => signs[state] ?? "·",
    clock: (at) => new Date(at).toLocaleTimeString("en-GB"),
  };
}
