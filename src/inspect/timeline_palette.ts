/**
 * The colors of a timeline, on light and on dark: those of Okabe and Ito, which people who are color-blind can tell
 * apart, made darker or lighter until they stand out from the background. Each outcome has a pattern and a mark, too.
 *
 * @module
 */
import type { TaskState } from "../observer.ts";

/** The colors of one theme, as `#rrggbb`. */
export interface Palette {
  readonly background: string;
  /** Behind the lanes of one root. */
  readonly card: string;
  readonly border: string;
  readonly grid: string;
  readonly text: string;
  readonly muted: string;
  /** Text about what went wrong. */
  readonly alarm: string;
  /** Cancellations. */
  readonly cancel: string;
  /** What goes on past the end of its request. */
  readonly past: string;
  readonly lanes: Readonly<Record<TaskState, string>>;
}

/** For `prefers-color-scheme`. */
export const PALETTES: Readonly<Record<"light" | "dark", Palette>> = {
  light: {
    background: "#ffffff",
    card: "#f6f7f9",
    border: "#dfe3e8",
    grid: "#e3e6eb",
    text: "#1b2128",
    muted: "#535c67",
    alarm: "#a33c00",
    cancel: "#4a3b00",
    past: "#0064a0",
    lanes: {
      succeeded: "#008f68",
      failed: "#d55e00",
      canceled: "#b87a00",
      abandoned: "#b0508a",
      running: "#0072b2",
      queued: "#7b8591",
    },
  },
  dark: {
    background: "#10151b",
    card: "#171d25",
    border: "#2a323d",
    grid: "#252d37",
    text: "#e8ecf1",
    muted: "#a3adb9",
    alarm: "#ff9d5c",
    cancel: "#ffdf8a",
    past: "#7cc4f2",
    lanes: {
      succeeded: "#1fb58a",
      failed: "#f0762b",
      canceled: "#e0a526",
      abandoned: "#d886b5",
      running: "#56b4e9",
      queued: "#8b95a1",
    },
  },
};
