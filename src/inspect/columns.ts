/**
 * How wide a text is on a terminal, and texts that fit.
 *
 * @module
 */

/** Two columns: East Asian wide and fullwidth characters, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{17000}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const COMBINING = /\p{Mark}/u;

/** Whether a character takes no room: it is drawn onto the one before it. */
export function isCombining(character: string): boolean {
  return COMBINING.test(character);
}

/** How many columns of a terminal a text takes. */
export function columns(text: string): number {
  // deno-lint-ignore no-control-regex -- plain ASCII, the usual case
  if (/^[\u0000-\u007f]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

function columnsOf(character: string): number {
  if (isCombining(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** A text, cut to a width that is measured by `measure`, with an ellipsis where it was cut; empty if nothing fits. */
export function fit(text: string, width: number, measure: (text: string) => number = columns): string {
  if (measure(text) <= width) return text;
  const room = width - measure("…");
  let used = 0;
  let kept = "";
  for (const character of text) {
    used += measure(character);
    if (used > room) return kept === "" ? "" : `${kept.trimEnd()}…`;
    kept += character;
  }
  return kept;
}
