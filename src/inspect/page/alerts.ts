/**
 * The lane of warnings. Runs in the page: see script.ts.
 *
 * @module
 */
import type { Alert } from "../inspector_past.ts";
import type { El, Win } from "./dom.ts";
import type { Text } from "./text.ts";

/** What {@linkcode makeAlerts} makes. */
export interface AlertLane {
  add(alerts: readonly Alert[]): void;
  /** Says aloud what has come, now and then. */
  tick(now: number): void;
}

/** Makes the lane. */
export function makeAlerts(win: Win, text: Text, most: number): AlertLane {
  const QUIET = 10_000; // between two announcements: who listens is not to hear of each
  const { document } = win;
  const lane = document.getElementById("alerts");
  const none = document.getElementById("none");
  const number = document.getElementById("alertCount");
  const live = document.getElementById("announce");
  const elements: El[] = [];
  let total = 0;
  let unsaid = 0;
  let saidAt = 0;

  function make(tag: string, content: string, className: string): El {
    const element = document.createElement(tag);
    element.textContent = content;
    element.className = className;
    return element;
  }

  return {
    add(alerts) {
      for (const { kind, message, path, place, at } of alerts) {
        const item = document.createElement("li");
        item.append(make("span", text.clock(at), "at"), make("span", kind, "what"), make("span", message, "message"));
        if (!message.includes(path)) item.append(make("span", path, "path"));
        if (place !== "") item.append(make("code", place, "place"));
        elements.unshift(item);
      }
      total += alerts.length;
      unsaid += alerts.length;
      elements.splice(most);
      lane.replaceChildren(...elements);
      none.hidden = total > 0;
      number.textContent = `${total}`;
      number.hidden = total === 0;
    },
    tick(now) {
      if (unsaid === 0 || now - saidAt < QUIET) return;
      saidAt = now;
      live.textContent = `${text.plural(unsaid, "new warning")}.`;
      unsaid = 0;
    },
  };
}
