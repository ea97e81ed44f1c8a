/**
 * Tests the tests: changes the core in one place at a time, and sees whether a test notices.
 *
 * ```sh
 * deno task mutate                     # the whole core, written to tests/mutation/RESULTS.md
 * deno task mutate deadline retry      # only the files whose name contains one of the words
 * ```
 *
 * What no test noticed is printed, unless tests/mutation/explained.ts says why no test can.
 */
import { pathToFileURL } from "node:url";
import { explained } from "../tests/mutation/explained.ts";
import { runMain } from "./lib/failure.ts";
import { ROOT } from "./lib/command.ts";
import { moduleGraph } from "./lib/module_graph.ts";
import { join } from "./lib/path.ts";
import { makeProgram } from "./mutate/program.ts";
import type { Mutant } from "./mutate/mutants.ts";
import { results } from "./mutate/results.ts";
import { type Survey, survey, tryMutant, type Verdict } from "./mutate/trials.ts";
import { stdEnv } from "./std.ts";

/** Trials are processes that mostly wait. */
const AT_ONCE = 5;
const RESULTS = join(ROOT, "tests/mutation/RESULTS.md");
const INTRO = `# Mutants

Written by \`deno task mutate\`. A mutant is the core with one place changed. Killed: a test noticed. Explained: none can,
and \`explained.ts\` says why. Survived: none did.

`;

/** What `import "@taskscope/taskscope"` runs. */
async function coreFiles(env: Record<string, string>, words: readonly string[]): Promise<string[]> {
  const root = `${pathToFileURL(ROOT)}`;
  const own = (await moduleGraph(["mod.ts"], env)).filter(({ specifier }) => specifier.startsWith(`${root}src/`));
  const files = own.map(({ specifier }) => specifier.slice(root.length)).sort();
  return files.filter((file) => words.length === 0 || words.some((word) => file.slice("src/".length).includes(word)));
}

async function tryAll(
  path: string,
  mutants: readonly Mutant[],
  { cases, always }: Survey,
): Promise<Map<Mutant, Verdict>> {
  const verdicts = new Map<Mutant, Verdict>();
  const quickFirst = cases.toSorted((a, b) => a.took - b.took);
  const queue = [...mutants];
  async function work(): Promise<void> {
    for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
      const { id } = mutant;
      const meeting = always.includes(id) ? quickFirst : quickFirst.filter(({ met }) => met.includes(id));
      const verdict = await tryMutant(path, id, meeting);
      verdicts.set(mutant, verdict);
      if (!verdict.killed) console.log(`alive: ${mutant.file}:${mutant.line}: ${mutant.key}`);
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return verdicts;
}

await runMain(async () => {
  const scratch = await Deno.makeTempDir({ prefix: "taskscope-mutate-" });
  try {
    const env = await stdEnv();
    const { path, mutants } = await makeProgram(env, await coreFiles(env, Deno.args), scratch);
    console.log(`${mutants.length} mutants`);
    const verdicts = await tryAll(path, mutants, await survey(path));
    const { table, open } = results(verdicts, explained);
    console.log(`\n${table}\nNobody explained:`);
    for (const { file, line, key } of open) console.log(`${file}:${line}: ${key}`);
    if (Deno.args.length === 0) await Deno.writeTextFile(RESULTS, INTRO + table);
    return open.length > 0 ? 1 : 0;
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
});
