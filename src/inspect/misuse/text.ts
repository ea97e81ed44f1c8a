/**
 * Texts of warnings.
 *
 * @module
 */
import { inertText } from "../../inert_text.ts";

/** A name or path, in quotes. */
export function quote(text: string): string {
  return `"${inertText(text)}"`;
}

/** A length of time. */
export function ms(time: number): string {
  return `${Math.round(time)} ms`;
}
