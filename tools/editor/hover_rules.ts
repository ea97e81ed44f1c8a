import type { Editor, Hover } from "./editor.ts";
import type { Shown } from "./public_symbols.ts";

/** The longest first sentence: it is what people read while they type. */
const LONGEST_SENTENCE = 120;

/** The longest type: what is longer is cut by editors, or read by nobody. */
const LONGEST_TYPE = 600;
const MOST_LINES = 20;

/** Members of this name are times wherever they are numbers. */
const TIME =
  /^(age|at|backoff|delay|grace|keep|keepAlive|keepDead|lease|margin|max|maxTimeout|minTimeout|ms|patience|poll|progressInterval|remaining|remember|requested|retryAfter|silence|taskGrace|timeout|ttl|wait|waited|warnsAfter)$/;
const UNIT = /\bmillisecond|\bms\b/i;

/** Kinds of parts that are names of types. */
const NAME_KINDS = ["className", "interfaceName", "aliasName", "enumName"];

/** What stands for a type that could not be named, names a file, or takes a parameter apart. */
const LEAK = /\bimport\(|\bsrc\/|#private|\b__|\btypeof [A-Z_]+\b|[(,] ?\{ [\w, ]+ \}\??: /;

/** Sentences about what an editor would show badly; none if all is well. */
export function hoverProblems(editor: Editor, all: readonly Shown[]): string[] {
  const names = new Set(all.map(({ name }) => name));
  return all.flatMap(({ entry, name, hover }) =>
    [
      ...docProblems(hover),
      ...typeProblems(hover),
      ...unitProblems(name, hover),
      ...hover.parts.filter(({ kind, text }) =>
        NAME_KINDS.includes(kind) && !names.has(text) && !editor.isGlobalType(text)
      ).map(({ text }) => `shows ${text}, which is not public`),
    ].map((problem) => `${name} of ${entry} ${problem}: ${hover.type.replaceAll("\n", " ").slice(0, 200)}`)
  );
}

/** The first sentence of a doc comment. */
export function firstSentence(doc: string): string {
  const text = doc.split("\n\n")[0]?.replaceAll("\n", " ") ?? "";
  return text.match(/^.*?[.!?](?=\s|$)/)?.[0] ?? text;
}

function docProblems({ doc }: Hover): string[] {
  const sentence = firstSentence(doc);
  if (sentence === "") return ["has no words"];
  if (sentence.length <= LONGEST_SENTENCE) return [];
  return [`begins with a sentence of ${sentence.length} characters`];
}

function typeProblems({ type }: Hover): string[] {
  const leak = type.match(LEAK)?.[0];
  return [
    leak !== undefined && `leaks "${leak}"`,
    type.length > LONGEST_TYPE && `has a type of ${type.length} characters`,
    type.split("\n").length > MOST_LINES && `has a type of ${type.split("\n").length} lines`,
  ].filter((problem) => problem !== false);
}

function unitProblems(name: string, { type, doc }: Hover): string[] {
  const member = name.split(".")[1] ?? "";
  const isTime = TIME.test(member) && /^\(property\)[^:]*: number\b/.test(type);
  return isTime && !UNIT.test(doc) ? ["is a time without a unit"] : [];
}
