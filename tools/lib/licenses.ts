import { command, ROOT } from "./command.ts";
import { Failure } from "./failure.ts";
import { join } from "./path.ts";

/**
 * The licenses that npm packages have in their `package.json`, as they are in Deno's cache; one process for all.
 *
 * @param pins Names and versions, or ranges of which the newest is taken.
 * @param folder An empty folder to work in.
 * @returns The licenses by name; what could not be downloaded is missing.
 */
export async function licensesOf(pins: ReadonlyMap<string, string>, folder: string): Promise<Map<string, string>> {
  const imports = Array.from(
    pins,
    ([name, version]) => `import "npm:${name}${version === "*" ? "" : `@${version}`}";\n`,
  );
  await Deno.writeTextFile(join(folder, "all.ts"), imports.join(""));
  // As the project itself: without its overrides, not everything can be downloaded everywhere.
  await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify({ nodeModulesDir: "none", lock: false }));
  await Deno.copyFile(join(ROOT, "package.json"), join(folder, "package.json"));
  const { code, stdout, output } = await command(Deno.execPath(), ["info", "--json", "all.ts"], { cwd: folder });
  if (code !== 0) throw new Failure(`Cannot look up the licenses:\n${output}`);
  const found: Record<string, { name: string; localPath?: string }> = JSON.parse(stdout).npmPackages ?? {};
  const licenses = new Map<string, string>();
  for (const { name, localPath } of Object.values(found)) {
    if (!localPath || !pins.has(name)) continue;
    const { license, licenses: old } = JSON.parse(await Deno.readTextFile(join(localPath, "package.json")));
    licenses.set(name, license?.type ?? license ?? old?.[0]?.type ?? "none");
  }
  return licenses;
}
