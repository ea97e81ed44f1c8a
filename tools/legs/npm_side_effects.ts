import config from "../../deno.json" with { type: "json" };
import { command, ROOT } from "../lib/command.ts";
import type { Ground } from "../lib/ground.ts";
import { type Leg, type Outcome, verdict } from "../lib/leg.ts";
import { join } from "../lib/path.ts";

/** Characters that may be left of an entry: values that are computed when it is loaded, and can't be seen outside. */
const LEFT = 2_048;

/** Loading an entry of the npm package does nothing that can be seen outside of it. */
export function npmSideEffects(ground: Ground): Leg {
  return { name: "npm package without side effects", run: async () => await sideEffects(ground) };
}

/** For a bundler that reads the code, and for Node that runs it. The names of diagnostics channels are meant. */
async function sideEffects({ runtimes, packed, project }: Ground): Promise<Outcome> {
  const { folder } = await packed();
  const bundler = ["run", "-A", "--quiet", "tools/side_effects.ts", folder];
  const { code, stdout, output } = await command(Deno.execPath(), bundler);
  if (code !== 0) return verdict(false, { output });
  const left: [string, string][] = Object.entries(JSON.parse(stdout));
  const problems = left.filter(([, { length }]) => length > LEFT).map(([entry, rest]) => `left of ${entry}:\n${rest}`);

  const cwd = await project();
  await Deno.copyFile(join(ROOT, "tests/npm_package/import_all.mjs"), join(cwd, "import_all.mjs"));
  const modules = Object.keys(config.exports).map((entry) => `${config.name}${entry.slice(1)}`);
  const loaded = await command(runtimes.node24.path, ["import_all.mjs", ...modules], { cwd });
  if (loaded.code !== 0 || loaded.output !== "") problems.push(`importing every entry on Node:\n${loaded.output}`);
  const most = Math.max(...left.map(([, { length }]) => length));
  return verdict(problems.length === 0, { note: `at most ${most} characters left`, output: problems.join("\n") });
}
