/** Colors on a terminal only; `NO_COLOR` switches them off (https://no-color.org). */
const isColored = Deno.stdout.isTerminal() && !Deno.noColor;

function paint(code: number, text: string): string {
  return isColored ? `\x1b[${code}m${text}\x1b[0m` : text;
}

export function bold(text: string): string {
  return paint(1, text);
}

export function dim(text: string): string {
  return paint(2, text);
}

export function red(text: string): string {
  return paint(31, text);
}

export function green(text: string): string {
  return paint(32, text);
}

export function yellow(text: string): string {
  return paint(33, text);
}
