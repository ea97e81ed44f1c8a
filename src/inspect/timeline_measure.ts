/**
 * How wide a text is in a picture, without a font at hand: in pixels at most.
 *
 * @module
 */
import { isCombining } from "./columns.ts";

/** The printable ASCII characters of DejaVu Sans, the broadest of the usual fonts, in hundredths of the font size. */
const WIDTHS = [
  ...[32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34],
  ...[84, 84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73, 68, 99],
  ...[69, 61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52],
  ...[39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84],
];
const BOLD = 1.16;

/** How wide a text is at most, in pixels. */
export function pixels(text: string, size: number, isBold = false): number {
  let hundredths = 0;
  for (const character of text) hundredths += WIDTHS[character.charCodeAt(0) - 32] ?? widthOf(character);
  return (hundredths * size * (isBold ? BOLD : 1)) / 100;
}

function widthOf(character: string): number {
  if (isCombining(character)) return 0;
  if (character === "·") return 38;
  if (character === "…") return 100;
  return character < "\u0370" ? 100 : 130;
}
