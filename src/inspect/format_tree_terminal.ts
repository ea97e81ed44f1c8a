/**
 * What the terminal can do.
 *
 * @module
 */
import { readEnv } from "../platforms/globals.ts";

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
  const force = readEnv("FORCE_COLOR", host);
  if (force) return force !== "0" && force !== "false"; // before NO_COLOR, as in Node
  if (deno ? deno.noColor : readEnv("NO_COLOR", host)) return false;
  if (readEnv("TERM", host) === "dumb") return false;
  return deno ? deno.stdout.isTerminal() : process?.stdout?.isTTY === true;
}

/** How many columns standard output has; `otherwise` where it is no terminal. */
export function terminalWidth({ Deno: deno, process }: Host = globalThis as Host, otherwise = WIDTH): number {
  if (!deno) return process?.stdout?.columns || otherwise;
  try {
    return deno.stdout.isTerminal() ? deno.consoleSize().columns || otherwise : otherwise;
  } catch {
    return otherwise;
  }
}

/** How a piece of text looks. */
export type Style = "plain" | "bold" | "dim" | "red" | "green" | "yellow" | "blue" | "magenta" | "cyan" | "alert";

const CODES: Readonly<Record<Style, string>> = {
  plain: "",
  bold: "1",
  dim: "2",
  red: "31",
  green: "32",
  yellow: "33",
  blue: "34",
  magenta: "35",
  cyan: "36",
  alert: "1;31",
};

/** A text in a style, where there are colors. */
export function paint(text: string, style: Style, isColored: boolean): string {
  return isColored && CODES[style] && text ? `\x1b[${CODES[style]}m${text}\x1b[0m` : text;
}
