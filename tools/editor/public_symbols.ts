import type { Editor, Hover } from "./editor.ts";
import type { Symbol } from "./language_service.ts";

/** Something public, as an editor shows it. */
export interface Shown {
  /** What people import it from. */
  readonly entry: string;
  /** `TaskScope`, or `TaskScope.run` for a member. */
  readonly name: string;
  readonly hover: Hover;
}

/** A place in a program, and what is there. */
interface Place {
  readonly name: string;
  readonly at: number;
}

/** The members of a type are asked for at a value of it. */
interface Owner extends Place {
  readonly variable: string;
}

/**
 * Hovers over every export of every entry, and over every member that the completions of a value of it offer.
 *
 * @param entries Such as `@taskscope/taskscope/http`.
 */
export function shownSymbols(editor: Editor, entries: readonly string[]): Shown[] {
  for (const [index, entry] of entries.entries()) editor.write(`all${index}.ts`, `export * from "${entry}";\n`);
  const seen = new Set<Symbol>();
  const programs = entries.map((entry, index) => {
    const symbols = editor.exportsOf(`all${index}.ts`).filter((symbol) => !seen.has(symbol));
    for (const symbol of symbols) seen.add(symbol);
    return { entry, file: `exports${index}.ts`, members: `members${index}.ts`, ...program(editor, entry, symbols) };
  });
  for (const { file, text } of programs) editor.write(file, text);
  const known = new Set<unknown>();
  const withMembers = programs.map((program) => ({ ...program, ...memberProgram(editor, program, known) }));
  for (const { members, memberText } of withMembers) editor.write(members, memberText);
  return withMembers.flatMap(({ entry, file, exported, members, places }) => [
    ...exported.map(({ name, at }) => ({ entry, name, hover: editor.hover(file, at) })),
    ...places.map(({ name, at }) => ({ entry, name, hover: editor.hover(members, at) })),
  ]);
}

/** A program that imports symbols, and has a value of each type. */
function program(editor: Editor, entry: string, symbols: readonly Symbol[]) {
  const exported: Place[] = [];
  const owners: Owner[] = [];
  let text = "";
  for (const symbol of symbols) {
    const { name, declarations: [{ typeParameters = [] } = {}] = [] } = symbol;
    text += editor.isValue(symbol) ? "import { " : "import { type ";
    exported.push({ name, at: text.length });
    text += `${name} } from "${entry}";\n`;
    if (!editor.isType(symbol)) continue;
    const variable = `value${owners.length}`;
    const args = typeParameters.length > 0 ? `<${typeParameters.map(() => "any").join(", ")}>` : "";
    text += `declare const ${variable}: ${name}${args};\n${variable}.`;
    owners.push({ name, variable, at: text.length });
    text += "x;\n";
  }
  return { exported, owners, text };
}

/** The same program, and after it each member that the package declares itself, once. */
function memberProgram(
  editor: Editor,
  { file, text, owners }: { file: string; text: string; owners: readonly Owner[] },
  known: Set<unknown>,
): { places: Place[]; memberText: string } {
  const places: Place[] = [];
  let memberText = text;
  for (const { name, variable, at } of owners) {
    for (const { name: member, declarations: [declaration] = [] } of editor.members(file, at)) {
      if (known.has(declaration)) continue; // inherited
      known.add(declaration);
      memberText += `${variable}.`;
      places.push({ name: `${name}.${member}`, at: memberText.length });
      memberText += `${member};\n`;
    }
  }
  return { places, memberText };
}
