/**
 * Makes the mutants of a source file: all of them in one text, of which `isMutant(number)` chooses one at run time.
 */
import type ts from "npm:typescript@6.0.3";
import { type Change, changesOf } from "./changes.ts";

/** One change of one place. */
export interface Mutant {
  readonly id: number;
  readonly file: string;
  readonly line: number;
  /**
   * What it is known by, whatever the line: the function around it, what stands there, and what takes its place; then
   * which one it is, of several that would be the same.
   */
  readonly key: string;
}

/** A source file with all of its mutants. */
export interface Mutated {
  readonly code: string;
  readonly mutants: readonly Mutant[];
}

/**
 * @param compiler The TypeScript compiler.
 * @param firstId The number of the first mutant.
 */
export function mutate(compiler: typeof ts, file: string, code: string, firstId: number): Mutated {
  const source = compiler.createSourceFile(file, code, compiler.ScriptTarget.ESNext, true);
  const mutants: Mutant[] = [];
  const known = new Map<string, number>();

  const note = (node: ts.Node, change: Change): number => {
    const id = firstId + mutants.length;
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    const text = `${placeOf(compiler, node)}: ${short(node.getText(source))} → ${short(change.text)}`;
    const count = (known.get(text) ?? 0) + 1;
    known.set(text, count);
    mutants.push({ id, file, line, key: count === 1 ? text : `${text} (${count})` });
    return id;
  };

  /** The text of a node, with the mutants in it. */
  const write = (node: ts.Node): string => {
    const start = node.getStart(source);
    if (compiler.isTypeNode(node) || compiler.isImportDeclaration(node)) return code.slice(start, node.end);
    let text = "";
    let at = start;
    compiler.forEachChild(node, (child) => {
      const from = child.getStart(source);
      if (from < at) return; // a comment that belongs to two nodes
      text += code.slice(at, from) + write(child);
      at = child.end;
    });
    text += code.slice(at, node.end);
    for (const change of changesOf(compiler, node, source)) text = apply(change, note(node, change), text);
    return text;
  };

  return { code: code.slice(0, source.getStart(source)) + write(source), mutants };
}

function apply({ how, text }: Change, id: number, original: string): string {
  if (how === "replace") return `(isMutant(${id}) ? (${text}) : ${original})`;
  if (how === "omit") return `{ if (!isMutant(${id})) ${original} }`;
  return original.replace("{", `{ if (isMutant(${id})) return;`); // the body of a function
}

/** The name of the function or variable around a node. */
function placeOf(compiler: typeof ts, node: ts.Node): string {
  for (let above = node.parent; above; above = above.parent) {
    const { name } = above as { name?: ts.Node };
    if (compiler.isFunctionLike(above) && name) return name.getText();
    if (compiler.isVariableDeclaration(above) && compiler.isIdentifier(above.name)) return above.name.text;
    if (compiler.isPropertyDeclaration(above)) return above.name.getText();
  }
  return "module";
}

function short(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length <= 90 ? line : `${line.slice(0, 60)}…${line.slice(-29)}`;
}
