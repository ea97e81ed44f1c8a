/**
 * The test suite as one program that holds every mutant of some files.
 */
import { bundle } from "../lib/bundle.ts";
import { ROOT } from "../lib/command.ts";
import { listFiles } from "../lib/files.ts";
import { dirname, join } from "../lib/path.ts";
import { loadTypeScript } from "../lib/typescript.ts";
import { type Mutant, mutate } from "./mutants.ts";

/** What the suite may import. */
const FOLDERS = ["src", "tests", "tools"];

/** The program, and what is in it. */
export interface Program {
  readonly path: string;
  readonly mutants: readonly Mutant[];
}

/**
 * Writes the program.
 *
 * @param files What to mutate.
 * @param scratch A folder for it.
 */
export async function makeProgram(
  env: { JSR_URL: string },
  files: readonly string[],
  scratch: string,
): Promise<Program> {
  const compiler = await loadTypeScript();
  const mutants: Mutant[] = [];
  for (const path of await copied()) {
    const [from, to] = [join(ROOT, path), join(scratch, path)];
    await Deno.mkdir(dirname(to), { recursive: true });
    if (!files.includes(path)) await Deno.copyFile(from, to);
    else {
      const mutated = mutate(compiler, path, await Deno.readTextFile(from), mutants.length + 1);
      mutants.push(...mutated.mutants);
      await Deno.writeTextFile(to, mutated.code);
    }
  }
  const path = join(scratch, "suite.js");
  const config = join(scratch, "deno.json");
  await bundle(env, [`--config=${config}`, "--output", path, join(scratch, "tests/mutation/suite.ts")]);
  return { path, mutants };
}

async function copied(): Promise<string[]> {
  const files = FOLDERS.map(async (folder) => (await listFiles(join(ROOT, folder))).map((file) => `${folder}/${file}`));
  return ["mod.ts", "deno.json", ...(await Promise.all(files)).flat()];
}
