/**
 * Text as it may go to a tracing system: bounded, and without characters that act on whoever prints it.
 *
 * @module
 */

// The two joiners stay: emoji and some scripts are made with them. The inspector, where a person tells names apart in
// columns, shows them; here, they are kept as data.
const ACTING = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const PLAIN = /^[ -~]*$/; // nearly every name, and ten times as fast to see

/** A text cut to `longest` characters; control, format and bidi characters and line breaks become visible escapes. */
export function inert(text: string, longest = 1_024): string {
  const cut = text.slice(0, longest);
  if (PLAIN.test(cut)) return cut;
  return cut.replace(ACTING, (char) => {
    const code = char.codePointAt(0) as number;
    return code >= 0xd800 && code <= 0xdfff ? "\ufffd" : `\\u{${code.toString(16)}}`;
  });
}

const LONGEST_PATH = 1_024;

/** A path as text; of one that is too long, the end, which says more. */
export function inertPath(path: string): string {
  return inert(path.length > LONGEST_PATH ? `…${path.slice(1 - LONGEST_PATH)}` : path);
}
