/**
 * Texts of strangers in XML, SVG and HTML.
 *
 * @module
 */
import { inertText } from "../inert_text.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

/**
 * A text for the content or a quoted attribute of XML, SVG or HTML; what XML does not allow at all is made visible.
 *
 * @param text Anybody's; cut it first, with {@linkcode inertText}.
 * @returns It neither ends what it stands in, nor begins an element, an entity or a CDATA section.
 */
export function xml(text: string): string {
  return inertText(text, Infinity).replace(/[&<>"'`]/g, (character) => ENTITIES[character] as string);
}
