/**
 * Errors and reasons as texts, whatever they do when they are read.
 *
 * @module
 */
import { show } from "../validate.ts";
import { inertText } from "../inert_text.ts";

const LONGEST = 500;
const MOST_CAUSES = 8;

/** What an error or reason says, as it says it. */
export function messageOf(value: unknown): string {
  try {
    return String(value instanceof Error ? value.message || value.name : show(value));
  } catch {
    return "(what it says cannot be read)";
  }
}

/** An error or reason and the causes behind it, each as one harmless line. */
export function chainOf(reason: unknown): string[] {
  const lines: string[] = [];
  const seen = new Set<unknown>();
  try {
    for (let at = reason; at !== undefined && !seen.has(at) && lines.length < MOST_CAUSES; at = causeOf(at)) {
      seen.add(at);
      const name = at instanceof Error ? `${at.name}: ` : "";
      lines.push(inertText(name + messageOf(at), LONGEST));
    }
  } catch {
    lines.push("(what is behind it cannot be read)");
  }
  return lines;
}

function causeOf(value: unknown): unknown {
  return value instanceof Error ? value.cause : undefined;
}
