import config from "../../deno.json" with { type: "json" };
import { join } from "./path.ts";

/** An import or a re-export, on one line or several. */
const IMPORT = /^(?:import|export)\b[^;"]*"([^"]+)";$/gm;
/** What the bundler writes above a module that it has inlined, and the build shortens. */
const INLINED = /^\/\/ (@std\/[\w-]+)\//gm;

/**
 * What the entries of the built npm package need at run time.
 *
 * @param folder The package.
 * @returns The packages that are imported or inlined, with the entries that load them, in the order of deno.json.
 */
export async function entryPackages(folder: string): Promise<Map<string, string[]>> {
  const { exports }: { exports: Record<string, { default: string }> } = JSON.parse(
    await Deno.readTextFile(join(folder, "package.json")),
  );
  const entriesOf = new Map<string, string[]>();
  for (const entry of Object.keys(config.exports)) {
    const packages = new Set<string>();
    const seen = new Set<string>();
    const visit = async (url: URL): Promise<void> => {
      if (seen.has(url.pathname)) return;
      seen.add(url.pathname);
      const code = await Deno.readTextFile(join(folder, url.pathname));
      for (const [, name = ""] of code.matchAll(INLINED)) packages.add(name);
      for (const [, target = ""] of code.matchAll(IMPORT)) {
        if (target.startsWith(".")) await visit(new URL(target, url));
        else packages.add(target.split("/").slice(0, target.startsWith("@") ? 2 : 1).join("/"));
      }
    };
    await visit(new URL(exports[entry]?.default ?? "", "file:///"));
    for (const name of packages) entriesOf.set(name, [...entriesOf.get(name) ?? [], entry]);
  }
  return entriesOf;
}
