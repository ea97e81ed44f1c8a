/**
 * Texts of strangers, made fit to be shown: names, reasons and errors may come from whoever sends requests.
 *
 * @module
 */

/**
 * What must not reach a terminal, a log or a page as it is: control characters (C0, DEL, C1), which also end lines and
 * begin ANSI sequences; line and paragraph separators; invisible and bidirectional format characters, which make text
 * look like another; tags and variation selectors beyond the first plane; lone surrogates; noncharacters.
 */
const UNSAFE =
  // deno-lint-ignore no-control-regex -- they are the point
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufdd0-\ufdef\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]|\p{Surrogate}|[^\P{Noncharacter_Code_Point}]/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
const LONGEST = 200;

/**
 * A text that is one harmless line: control, bidirectional, invisible and line-breaking characters are shown as visible
 * escapes (`\n`, `\u{1b}`), lone surrogates become U+FFFD.
 *
 * @param text Anybody's.
 * @param max How many characters it may have at most, the escapes and the final `…` included.
 * @returns It contains no character that moves a cursor, ends a line or hides.
 */
export function inertText(text: string, max: number = LONGEST): string {
  if (max < 1) return "";
  // Not all of a megabyte is worth a look: escaping never makes a text shorter, but for a surrogate pair.
  const shown = text.slice(0, 2 * max + 2).replace(UNSAFE, visible);
  const isWhole = text.length <= 2 * max + 2;
  if (isWhole && shown.length <= max) return shown;
  let end = max - 1;
  if (/[\ud800-\udbff]/.test(shown.charAt(end - 1))) end--; // half of a pair
  return `${shown.slice(0, end)}…`;
}

function visible(character: string): string {
  const code = character.codePointAt(0) as number;
  if (code >= 0xd800 && code <= 0xdfff) return "\ufffd";
  return SHORT[character] ?? `\\u{${code.toString(16)}}`;
}

/**
 * As {@linkcode inertText}, for the first argument of a method of `console`: there, a `%c` that came along in a name would
 * swallow the error that follows.
 */
export function logText(text: string, max?: number): string {
  return inertText(text, max).replaceAll("%", "%%");
}
