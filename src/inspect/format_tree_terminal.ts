/**
 * What a terminal can do, and how wide a text is on it.
 *
 * @module
 */

interface Host {
  readonly Deno?: {
    readonly noColor: boolean;
    readonly stdout: { isTerminal(): boolean };
    readonly permissions: { querySync(of: { name: "env"; variable: string }): { readonly state: string } };
    readonly env: { get(name: string): string | undefined };
    consoleSize(): { readonly columns: number };
  };
  readonly process?: {
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly stdout?: { readonly isTTY?: boolean; readonly columns?: number };
  };
}

const WIDTH = 120;

/** Whether standard output is a terminal that shows colors, or the environment says so. */
export function hasColor(host: Host = globalThis as Host): boolean {
  const { Deno: deno, process } = host;
  const force = variable(host, "FORCE_COLOR");
  if (force) return force !== "0" && force !== "false"; // before NO_COLOR, as in Node
  if (deno ? deno.noColor : variable(host, "NO_COLOR")) return false;
  if (variable(host, "TERM") === "dumb") return false;
  return deno ? deno.stdout.isTerminal() : process?.stdout?.isTTY === true;
}

/** Without asking the user of Deno for a permission. */
function variable({ Deno: deno, process }: Host, name: string): string | undefined {
  if (!deno) return process?.env?.[name];
  const { state } = deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? deno.env.get(name) : undefined;
}

/** How many columns standard output has; 120 where it is no terminal. */
export function terminalWidth({ Deno: deno, process }: Host = globalThis as Host): number {
  if (!deno) return process?.stdout?.columns || WIDTH;
  try {
    return deno.stdout.isTerminal() ? deno.consoleSize().columns || WIDTH : WIDTH;
  } catch {
    return WIDTH;
  }
}

/** How a piece of text looks. */
export type Style = "plain" | "bold" | "dim" | "red" | "green" | "yellow" | "magenta" | "cyan" | "alert";

const CODES: Readonly<Record<Style, string>> = {
  plain: "",
  bold: "1",
  dim: "2",
  red: "31",
  green: "32",
  yellow: "33",
  magenta: "35",
  cyan: "36",
  alert: "1;31",
};

/** A text in a style, where there are colors. */
export function paint(text: string, style: Style, isColored: boolean): string {
  return isColored && CODES[style] && text ? `\x1b[${CODES[style]}m${text}\x1b[0m` : text;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{17000}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const NONE = /^\p{M}$/u;

/** How many columns a text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    width += character < "\u0300" ? 1 : WIDE.test(character) ? 2 : NONE.test(character) ? 0 : 1;
  }
  return width;
}

/** Cuts a text to a width in columns. */
export function fit(text: string, most: number): string {
  if (widthOf(text) <= most) return text;
  let fitting = "";
  let width = 0;
  for (const character of text) {
    width += widthOf(character);
    if (width > most - 1) break;
    fitting += character;
  }
  return most < 1 ? "" : `${fitting}…`;
}
