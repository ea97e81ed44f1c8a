/**
 * What a recorder keeps of errors, reasons and names: short texts, never the objects.
 *
 * @module
 */

const LONGEST_MESSAGE = 1_000;
const MOST_CAUSES = 8;
const MOST_NAMES = 1_000;

/** A text of at most `max` characters that holds on to no other: engines keep the whole of what a piece was cut from. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return copyOf(text);
  const end = /[\ud800-\udbff]/.test(text.charAt(max - 2)) ? max - 2 : max - 1;
  return `${copyOf(text.slice(0, end))}…`;
}

function copyOf(text: string): string {
  return text.split("").join("");
}

/** Cuts names, each of which comes again and again, and copies it once. */
export class NameCutter {
  readonly #known = new Map<string, string>();

  cut(name: string, max: number): string {
    if (name.length > max) return cut(name, max);
    let known = this.#known.get(name);
    if (known === undefined) {
      if (this.#known.size >= MOST_NAMES) this.#known.clear();
      this.#known.set(known = copyOf(name), known);
    }
    return known;
  }
}

/** The message of an error or reason and of the causes behind it; whatever it is, this does not throw. */
export function messageOf(error: unknown): string {
  const messages: string[] = [];
  let next = error;
  try {
    for (let i = 0; i < MOST_CAUSES && (i === 0 || next !== undefined); i++) {
      messages.push(ownMessage(next));
      next = Object(next) === next ? (next as { cause?: unknown }).cause : undefined;
    }
  } catch {
    messages.push("an error that cannot be read");
  }
  return cut(messages.join(" ← "), LONGEST_MESSAGE);
}

function ownMessage(error: unknown): string {
  if (Object(error) !== error) return cut(String(error), LONGEST_MESSAGE);
  const { message, name } = error as { message?: unknown; name?: unknown };
  if (typeof message === "string" && message !== "") return cut(message, LONGEST_MESSAGE);
  if (typeof name === "string" && name !== "") return cut(name, LONGEST_MESSAGE);
  return Object.prototype.toString.call(error);
}
