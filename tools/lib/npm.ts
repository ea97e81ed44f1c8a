import { command } from "./command.ts";
import { Failure } from "./failure.ts";

/**
 * Downloads one npm package into Deno's own cache and returns its folder there.
 *
 * Deno is the one program that is certainly present: no npm client is needed, no install script runs, and the file
 * modes of a package's binaries are kept.
 *
 * @param name The name of the package.
 * @param version An exact version, or a range of which the newest is taken.
 * @throws {Failure} If the package cannot be downloaded.
 */
export async function npmPackage(
  name: string,
  version: string,
): Promise<string> {
  const specifier = `npm:${name}@${version}`;
  const { stdout, stderr } = await command(Deno.execPath(), [
    "info",
    "--no-config",
    "--json",
    specifier,
  ]);
  const packages: Record<string, { name: string; localPath?: string }> = parse(stdout)?.npmPackages ?? {};
  for (const found of Object.values(packages)) {
    if (found.name === name && found.localPath) return found.localPath;
  }
  const cause = parse(stdout)?.modules?.[0]?.error ??
    stderr.match(/^error: (.*)$/m)?.[1] ?? "no cause given";
  throw new Failure(
    `Cannot download ${specifier} from the npm registry: connect to the network, or set NPM_CONFIG_REGISTRY to a ` +
      `registry you can reach, and run the command again (${String(cause).split("\n")[0]}).`,
  );
}

// deno-lint-ignore no-explicit-any
function parse(json: string): any {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
