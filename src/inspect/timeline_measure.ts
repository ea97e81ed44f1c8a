/**
 * How wide texts are, without a font at hand: in columns of a terminal, and in pixels at most.
 *
 * @module
 */

/** Two columns: East Asian wide and fullwidth characters, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
/** No column: it is drawn onto the character before it. */
const COMBINING = /\p{Mark}/u;
/** The printable ASCII characters of DejaVu Sans, the broadest of the usual fonts, in hundredths of the font size. */
const WIDTHS = [
  ...[32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34],
  ...[84, 84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73, 68, 99],
  ...[69, 61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52],
  ...[39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84],
];
const BOLD = 1.16;

/** How many columns of a terminal a text takes. */
export function columns(text: string): number {
  // deno-lint-ignore no-control-regex -- plain ASCII, the usual case
  if (/^[\u0000-\u007f]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

function columnsOf(character: string): number {
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** How wide a text is at most, in pixels. */
export function pixels(text: string, size: number, isBold = false): number {
  let hundredths = 0;
  for (const character of text) hundredths += WIDTHS[character.charCodeAt(0) - 32] ?? widthOf(character);
  return (hundredths * size * (isBold ? BOLD : 1)) / 100;
}

function widthOf(character: string): number {
  if (COMBINING.test(character)) return 0;
  if (character === "·") return 38;
  if (character === "…") return 100;
  return character < "\u0370" ? 100 : 130;
}

/** A text, cut to a width that is measured by `measure`, with an ellipsis where it was cut; empty if nothing fits. */
export function fit(text: string, width: number, measure: (text: string) => number): string {
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
