import config from "../../deno.json" with { type: "json" };
import { npmPackage } from "./npm.ts";
import { command } from "./command.ts";
import { Failure } from "./failure.ts";
import { join } from "./path.ts";
import { buildNpm } from "../build_npm.ts";
import type { Runtime, RuntimeName } from "../runtimes.ts";

/** What every leg stands on. */
export interface Ground {
  /** For deno commands that resolve `@std`. */
  readonly env: { JSR_URL: string };
  readonly runtimes: Record<RuntimeName, Runtime>;
  /** A folder for this run, removed at its end. */
  readonly scratch: string;
  /** The folder of a project that has the packed npm package installed; made at the first call. */
  readonly project: () => Promise<string>;
}

/** The client that packs and installs; npm's own code on our Node, so the machine needs no npm. */
const NPM_VERSION = "11.6.0";

/** What users of an entry bring with them, and an SDK to test it with; as the tests on Deno have it. */
const BROUGHT = Object.values(config.imports)
  .filter((specifier) => specifier.startsWith("npm:@opentelemetry/"))
  .map((specifier) => specifier.slice("npm:".length));

export function ground(options: Omit<Ground, "project">): Ground {
  const install = once(() => installPackage(options));
  let reported = false;
  return {
    ...options,
    async project() {
      try {
        return await install();
      } catch (error) {
        if (reported) throw new Failure("There is no npm package, see above.");
        reported = true;
        throw error;
      }
    },
  };
}

async function installPackage(
  { env, runtimes, scratch }: Omit<Ground, "project">,
): Promise<string> {
  const built = join(scratch, "npm");
  const project = join(scratch, "project");
  const [cli] = await Promise.all([
    npmPackage("npm", NPM_VERSION),
    buildNpm(built, env),
    Deno.mkdir(project),
  ]);
  const npm = async (args: string[]) => {
    const { code, output } = await command(
      runtimes.node24.path,
      [join(cli, "bin/npm-cli.js"), ...args],
      { cwd: project },
    );
    if (code !== 0) throw new Failure(`npm ${args[0]} failed:\n${output}`);
  };
  await Deno.writeTextFile(
    join(project, "package.json"),
    JSON.stringify({ private: true, type: "module" }),
  );
  await npm(["pack", built, "--pack-destination", scratch]);
  const tarball = [...Deno.readDirSync(scratch)].find(({ name }) => name.endsWith(".tgz"));
  await npm([
    "install",
    join(scratch, tarball?.name ?? ""),
    ...BROUGHT,
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
  ]);
  return project;
}

/** The same promise for every call. */
export function once<T>(fn: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => result ??= fn();
}
