/**
 * Asks the npm registry for known vulnerabilities: of what users install along with the npm package, and of everything
 * that the tests and the build use. A registry that does not answer is a failure, too.
 *
 * ```sh
 * deno task audit
 * ```
 */
import { buildNpm } from "./build_npm.ts";
import { command, type CommandResult } from "./lib/command.ts";
import { NPM_VERSION } from "./lib/ground.ts";
import { runMain } from "./lib/failure.ts";
import { npmPackage } from "./lib/npm.ts";
import { join } from "./lib/path.ts";
import { pinnedPackages } from "./lib/pins.ts";
import { runtimes } from "./runtimes.ts";
import { stdEnv } from "./std.ts";
import project from "../package.json" with { type: "json" };

/** What is published must have none at all; what is not, none that is worth a night. */
const PUBLISHED = { npm: [], deno: [] };
const NOT_PUBLISHED = { npm: ["--audit-level=high"], deno: ["--level=high"] };

await runMain(async () => {
  const scratch = await Deno.makeTempDir({ prefix: "taskscope-audit-" });
  try {
    const npm = await npmClient();
    const built = join(scratch, "npm");
    await buildNpm(built, await stdEnv());
    const manifest = JSON.parse(await Deno.readTextFile(join(built, "package.json")));
    const all = Object.fromEntries(await pinnedPackages());
    const names = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    const published = Object.fromEntries(names.map((name) => [name, all[name] ?? "*"])); // as they are tested
    const codes = [
      await audit(npm, join(scratch, "published"), "what is published", published, PUBLISHED),
      await audit(npm, join(scratch, "all"), "all", all, NOT_PUBLISHED),
    ];
    return codes.some((isClean) => !isClean) ? 1 : 0;
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
});

type Client = (folder: string, args: readonly string[]) => Promise<CommandResult>;

/** npm's own code on our Node, so the machine needs no npm. */
async function npmClient(): Promise<Client> {
  const { node24 } = await runtimes();
  const cli = join(await npmPackage("npm", NPM_VERSION), "bin/npm-cli.js");
  return (folder, args) => command(node24.path, [cli, ...args], { cwd: folder });
}

/** Resolves the packages in a folder of its own, without installing any, and has both clients look at them. */
async function audit(
  npm: Client,
  folder: string,
  title: string,
  dependencies: Readonly<Record<string, string>>,
  options: { readonly npm: readonly string[]; readonly deno: readonly string[] },
): Promise<boolean> {
  await Deno.mkdir(folder);
  await Deno.writeTextFile(join(folder, "package.json"), JSON.stringify({ ...project, dependencies }));
  const deno = (args: readonly string[]) => command(Deno.execPath(), args, { cwd: folder });
  const steps = [
    () => deno(["install", "--lockfile-only"]), // first: it would take over what it can of npm's
    () => npm(folder, ["install", "--package-lock-only", "--ignore-scripts", "--no-fund", "--no-audit", "--force"]),
    () => npm(folder, ["audit", ...options.npm]),
    () => deno(["audit", ...options.deno]),
  ];
  const failed: CommandResult[] = [];
  for (const step of steps) {
    const result = await step();
    if (result.code !== 0) failed.push(result);
  }
  console.log(`${failed.length === 0 ? "ok  " : "FAIL"}  ${title}: ${Object.keys(dependencies).length} packages`);
  for (const { output } of failed) console.log(`\n${output}\n`);
  return failed.length === 0;
}
