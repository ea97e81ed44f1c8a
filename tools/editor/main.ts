/**
 * Checks what an editor shows of the package: the marks of `tests/types/`, and every public symbol.
 *
 * ```sh
 * deno run -A tools/editor/main.ts sources     # marks only
 * deno run -A tools/editor/main.ts <project>   # a folder that has the packed package installed
 * ```
 */
import config from "../../deno.json" with { type: "json" };
import { ROOT } from "../lib/command.ts";
import { runMain } from "../lib/failure.ts";
import { listFiles } from "../lib/files.ts";
import { join } from "../lib/path.ts";
import { Editor } from "./editor.ts";
import { hoverProblems } from "./hover_rules.ts";
import { hasMarks, markProblems, writeMarked } from "./marks.ts";
import { shownSymbols } from "./public_symbols.ts";

const FOLDER = join(ROOT, "tests/types");
const ENTRIES = Object.entries(config.exports).map(([entry, source]) => ({
  entry: `${config.name}${entry.slice(1)}`,
  source,
}));

await runMain(async () => {
  const [where = "sources"] = Deno.args;
  const isPacked = where !== "sources";
  const paths = ENTRIES.map(({ entry, source }) => [entry, [join(ROOT, source)]]);
  const editor = isPacked ? await Editor.open(where) : await Editor.open(FOLDER, Object.fromEntries(paths));

  const marked = (await listFiles(FOLDER))
    .map((name) => ({ name, text: Deno.readTextFileSync(join(FOLDER, name)) }))
    .filter(({ text }) => hasMarks(text));
  for (const { name, text } of marked) writeMarked(editor, name, text);
  const problems = marked.flatMap(({ name, text }) => markProblems(editor, name, text));

  const shown = isPacked ? shownSymbols(editor, ENTRIES.map(({ entry }) => entry)) : [];
  problems.push(...hoverProblems(editor, shown));

  for (const problem of problems) console.error(problem);
  console.log([`${marked.length} files with marks`, isPacked && `${shown.length} symbols`].filter(Boolean).join(", "));
  return problems.length > 0 ? 1 : 0;
});
