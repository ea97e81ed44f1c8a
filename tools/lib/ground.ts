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
  /** The npm package, built and packed; made at the first call. */
  readonly packed: () => Promise<Packed>;
  /** The folder of a project that has the packed npm package installed; made at the first call. */
  readonly project: () => Promise<string>;
}

/** The npm package before anybody installs it. */
export interface Packed {
  /** The folder that was built. */
  readonly folder: string;
  /** The path of what is to be published. */
  readonly tarball: string;
}

/** The client that packs and installs; npm's own code on our Node, so the machine needs no npm. */
export const NPM_VERSION = "11.6.0";

/** What users of an entry bring with them, and an SDK to test it with; as the tests on Deno have it. */
const BROUGHT = Object.values(config.imports)
  .filter((specifier) => specifier.startsWith("npm:@opentelemetry/"))
  .map((specifier) => specifier.slice("npm:".length));

type Start = Omit<Ground, "packed" | "project">;

export function ground(start: Start): Ground {
  let told = false;
  /** A failure is told in full once, however many legs stand on it. */
  const tellOnce = <T>(fn: () => Promise<T>) => async () => {
    try {
      return await fn();
    } catch (error) {
      if (told) throw new Failure("There is no npm package, see above.");
      told = true;
      throw error;
    }
  };
  const packed = once(() => packPackage(start));
  const project = once(async () => await installPackage(start, await packed()));
  return { ...start, packed: tellOnce(packed), project: tellOnce(project) };
}

async function packPackage({ env, runtimes, scratch }: Start): Promise<Packed> {
  const folder = join(scratch, "npm");
  await buildNpm(folder, env);
  await npm(runtimes, ["pack", folder, "--pack-destination", scratch], scratch);
  const tarball = [...Deno.readDirSync(scratch)].find(({ name }) => name.endsWith(".tgz"));
  return { folder, tarball: join(scratch, tarball?.name ?? "") };
}

async function installPackage({ runtimes, scratch }: Start, { tarball }: Packed): Promise<string> {
  const project = join(scratch, "project");
  await Deno.mkdir(project);
  await Deno.writeTextFile(
    join(project, "package.json"),
    JSON.stringify({ private: true, type: "module" }),
  );
  await npm(runtimes, ["install", tarball, ...BROUGHT, "--no-audit", "--no-fund", "--ignore-scripts"], project);
  return project;
}

async function npm({ node24 }: Ground["runtimes"], args: string[], cwd: string): Promise<void> {
  const cli = join(await npmPackage("npm", NPM_VERSION), "bin/npm-cli.js");
  const { code, output } = await command(node24.path, [cli, ...args], { cwd });
  if (code !== 0) throw new Failure(`npm ${args[0]} failed:\n${output}`);
}

/** The same promise for every call. */
export function once<T>(fn: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => result ??= fn();
}
