import { command } from "../lib/command.ts";
import type { Ground } from "../lib/ground.ts";
import { type Leg, type Outcome, verdict } from "../lib/leg.ts";

const PUBLINT = "npm:publint@0.3.25";
/**
 * Are the types wrong? The profile for ES modules leaves out `moduleResolution: node`, which knows no `exports`, and
 * `require` with `module: node16`: with `nodenext`, and from Node 22.12 on, ES modules can be required.
 */
const ATTW = "npm:@arethetypeswrong/cli@0.18.5";

/** The packed npm package, as two tools that know the mistakes of packages see it. */
export function npmLint(ground: Ground): Leg[] {
  return [
    { name: "npm package, publint", run: async () => await lint(ground, PUBLINT, ["--strict"]) },
    { name: "npm package, are the types wrong", run: async () => await lint(ground, ATTW, ["--profile", "esm-only"]) },
  ];
}

async function lint({ packed }: Ground, tool: string, options: string[]): Promise<Outcome> {
  const { tarball } = await packed();
  const args = ["run", "-A", "--quiet", "--no-config", tool, tarball, ...options];
  const { code, output } = await command(Deno.execPath(), args);
  return verdict(code === 0, { output });
}
