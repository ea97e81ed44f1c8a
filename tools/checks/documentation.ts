import { pathToFileURL } from "node:url";
import { command, ROOT } from "../lib/command.ts";

/** As much of what `deno doc --json` prints as is used here. */
interface Documentation {
  readonly nodes: Readonly<Record<string, { readonly symbols: readonly DocSymbol[] }>>;
}

interface DocSymbol {
  readonly name: string;
  readonly declarations: readonly Declaration[];
}

interface Declaration {
  readonly kind: string;
  readonly location: { readonly filename: string; readonly line: number };
  readonly jsDoc?: JsDoc;
  readonly def?: { readonly methods?: readonly Member[] };
}

interface Member {
  readonly name: string;
  readonly kind?: string;
  readonly jsDoc?: JsDoc;
}

interface JsDoc {
  readonly doc?: string;
  readonly tags?: readonly { readonly kind: string; readonly doc?: string }[];
}

/** One symbol, and what is said of it. */
interface Documented {
  readonly name: string;
  readonly entry: string;
  readonly kinds: readonly string[];
  readonly examples: readonly string[];
  readonly links: readonly string[];
  readonly methods: readonly Member[];
}

/** The words of a method that does what another one does, which they name: there is the example. */
const AS_ANOTHER = /^(As|What) `/;

/**
 * Sentences about public symbols that no example shows; none if all is well. A function, class or constant has an example
 * of its own. A type may link to what it is for, with `{@linkcode}`, and so lead to an example. A method is called in an
 * example of its class, or has one of its own. Links are to what the same entry exports: others stay words.
 */
export async function documentationProblems(
  entries: readonly string[],
  env: Record<string, string>,
): Promise<string[]> {
  const { code, stdout, output } = await command(Deno.execPath(), ["doc", "--json", ...entries], { env });
  if (code !== 0) return [output];
  const { nodes }: Documentation = JSON.parse(stdout);
  const root = `${pathToFileURL(ROOT)}`;
  return Object.entries(nodes).flatMap(([url, { symbols }]) =>
    entryProblems(symbols.map((symbol) => documented(symbol, url.replace(root, ""))))
  );
}

function entryProblems(all: readonly Documented[]): string[] {
  const byName = new Map(all.map((symbol) => [symbol.name, symbol]));
  return all.flatMap((symbol) => {
    const { name, entry, links, kinds } = symbol;
    if (kinds.includes("reference")) return []; // of another entry, where it is looked at
    const isType = kinds.every((kind) => kind === "interface" || kind === "typeAlias");
    const isShown = isType ? leadsToExample(symbol, byName) : symbol.examples.length > 0;
    return [
      ...(isShown ? [] : [isType ? "has no example, and no link that leads to one" : "has no example"]),
      ...links.filter((link) => !byName.has(link)).map((link) => `links to ${link}, which this entry does not export`),
      ...uncalledMethods(symbol).map((method) => `has no example of its method ${method}`),
    ].map((problem) => `${name} of ${entry} ${problem}`);
  });
}

function leadsToExample(
  symbol: Documented,
  byName: ReadonlyMap<string, Documented>,
  seen = new Set<Documented>(),
): boolean {
  if (symbol.examples.length > 0) return true;
  if (seen.has(symbol)) return false;
  seen.add(symbol);
  return symbol.links.some((link) => {
    const target = byName.get(link);
    return target !== undefined && leadsToExample(target, byName, seen);
  });
}

function uncalledMethods({ kinds, examples, methods }: Documented): string[] {
  if (!kinds.includes("class")) return [];
  const names = methods
    .filter(({ kind, jsDoc }) => kind === "method" && !AS_ANOTHER.test(jsDoc?.doc ?? ""))
    .map(({ name }) => name)
    .filter((name) => /^\w+$/.test(name)); // symbols are not called by people
  return [...new Set(names)].filter((name) => !examples.some((example) => example.includes(`.${name}(`)));
}

function documented({ name, declarations }: DocSymbol, entry: string): Documented {
  const methods = declarations.flatMap(({ def }) => def?.methods ?? []);
  const own = declarations.map(({ jsDoc }) => jsDoc);
  const all = [...own, ...methods.map(({ jsDoc }) => jsDoc)];
  return {
    name,
    entry,
    kinds: declarations.map(({ kind }) => kind),
    examples: all.flatMap((jsDoc) => jsDoc?.tags ?? []).filter(({ kind }) => kind === "example")
      .map(({ doc = "" }) => doc),
    links: linksOf(all),
    methods,
  };
}

function linksOf(all: readonly (JsDoc | undefined)[]): string[] {
  const words = all.flatMap((jsDoc) => [jsDoc?.doc, ...(jsDoc?.tags ?? []).map(({ doc }) => doc)]);
  return [...words.join("\n").matchAll(/\{@link(?:code)?\s+([^}|\s]+)/g)].map(([, target = ""]) => target);
}
