import type { Editor } from "./editor.ts";
import { firstSentence } from "./hover_rules.ts";

/**
 * What an editor shows at a place, written below that place:
 *
 * ```txt
 * const task = scope.spawn(() => 1);
 * //    ^? const task: Task<number>
 * ```
 *
 * `^?` is a hover: the type, and the first sentence of the words if there are any. `^|` are the completions, `^(` is what
 * helps in the parentheses of a call, and `^!` is the mistake that begins there, below a `@ts-expect-error`. What is long
 * goes on in the next line, below its first.
 */
interface Mark {
  readonly line: number;
  /** The place in the program. */
  readonly at: number;
  readonly kind: "?" | "|" | "(" | "!";
  readonly text: string;
  /** How far from the left the text is. */
  readonly column: number;
}

const MARK = /^(\s*\/\/\s*)\^([?|(!]) ?(.*)$/;

export function hasMarks(text: string): boolean {
  return text.split("\n").some((line) => MARK.test(line));
}

/** Writes a program with marks into the editor. */
export function writeMarked(editor: Editor, name: string, text: string): void {
  editor.write(name, text.replaceAll("@ts-expect-error", "expected below"));
}

/** Sentences about what an editor shows otherwise than the marks say; none if all is well. */
export function markProblems(editor: Editor, name: string, text: string): string[] {
  const program = text.replaceAll("@ts-expect-error", "expected below");
  const marks = marksOf(program);
  const mistakes = editor.mistakes(name);
  const unexpected = mistakes
    .filter(({ at }) => !marks.some((mark) => mark.kind === "!" && mark.at === at))
    .map(({ at, message }) => {
      const { line, column } = placeOf(program, at);
      return `${name}:${line} has a mistake that no mark tells of:\n${written(column, "!", message)}`;
    });
  const wrong = marks.flatMap(({ line, at, kind, text, column }) => {
    const shown = kind === "?"
      ? hoverAt(editor, name, at)
      : kind === "|"
      ? editor.completions(name, at).join(" ")
      : kind === "("
      ? editor.signature(name, at)
      : mistakes.find((mistake) => mistake.at === at)?.message ?? "nothing";
    return shown === text ? [] : [`${name}:${line} shows:\n${written(column, kind, shown)}`];
  });
  return [...unexpected, ...wrong];
}

function hoverAt(editor: Editor, name: string, at: number): string {
  const { type, doc } = editor.hover(name, at);
  return [type, firstSentence(doc)].filter(Boolean).join("\n");
}

function marksOf(program: string): Mark[] {
  const lines = program.split("\n");
  const starts = startsOf(lines);
  const marks: Mark[] = [];
  let target = 0; // the last line that is no mark
  for (let index = 0; index < lines.length; index++) {
    const [, before, kind, first = ""] = lines[index]?.match(MARK) ?? [];
    if (before === undefined) {
      target = index;
      continue;
    }
    const column = before.length;
    const text = [first];
    for (let next = lines[index + 1]; isContinued(next, column + 3); next = lines[index + 1]) {
      text.push(next.slice(column + 3));
      index++;
    }
    const at = (starts[target] ?? 0) + column;
    marks.push({ line: target + 1, at, kind: kind as Mark["kind"], text: text.join("\n"), column });
  }
  return marks;
}

function isContinued(line: string | undefined, column: number): line is string {
  return line !== undefined && !MARK.test(line) && /^\s*\/\/\s*$/.test(line.slice(0, column)) && line.length > column;
}

function startsOf(lines: readonly string[]): number[] {
  let start = 0;
  return lines.map((line) => {
    const own = start;
    start += line.length + 1;
    return own;
  });
}

function placeOf(program: string, at: number): { line: number; column: number } {
  const before = program.slice(0, at).split("\n");
  return { line: before.length, column: before.at(-1)?.length ?? 0 };
}

/** A mark as it is to be written, to be pasted below its place. */
function written(column: number, kind: string, text: string): string {
  const [first, ...rest] = text.split("\n");
  return [
    `//${" ".repeat(Math.max(0, column - 2))}^${kind} ${first}`,
    ...rest.map((line) => `//${" ".repeat(column + 1)}${line}`),
  ].join("\n");
}
