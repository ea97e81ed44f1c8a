import config from "../../deno.json" with { type: "json" };
import { ROOT } from "../lib/command.ts";
import { entryPackages } from "../lib/entry_packages.ts";
import type { Ground } from "../lib/ground.ts";
import { type Leg, verdict } from "../lib/leg.ts";
import { licensesOf } from "../lib/licenses.ts";
import { type Listed, listedDependencies } from "../lib/listed_dependencies.ts";
import { join } from "../lib/path.ts";
import { jsrPackages, pinnedPackages, runtimePackages } from "../lib/pins.ts";

/** What SECURITY.md says of dependencies is complete and true: of the project, and of the npm package as it is built. */
export function dependencies(ground: Ground): Leg {
  return {
    name: "dependencies are as SECURITY.md has them",
    async run() {
      const { listed, problems: unreadable } = listedDependencies(await Deno.readTextFile(join(ROOT, "SECURITY.md")));
      const pins = await pinnedPackages();
      const folder = join(ground.scratch, "licenses");
      await Deno.mkdir(folder);
      const used = new Set([...pins.keys(), ...jsrPackages(), ...await runtimePackages()]);
      const installed = join(await ground.project(), `node_modules/${config.name}`);
      const problems = [
        ...unreadable,
        ...[...used].filter((name) => !listed.has(name)).map((name) => `${name} is used, and not in SECURITY.md`),
        ...[...listed.keys()].filter((name) => !used.has(name)).map((name) =>
          `${name} is in SECURITY.md, and not used`
        ),
        ...wrongLicenses(listed, await licensesOf(pins, folder), pins),
        ...await wrongManifest(listed, installed),
        ...wrongEntries(listed, await entryPackages(installed)),
      ];
      return verdict(problems.length === 0, { note: `${used.size} packages`, output: problems.join("\n") });
    },
  };
}

function wrongLicenses(
  listed: ReadonlyMap<string, Listed>,
  licenses: ReadonlyMap<string, string>,
  pins: ReadonlyMap<string, string>,
): string[] {
  return [...pins.keys()].flatMap((name) => {
    const [said, is] = [listed.get(name)?.license, licenses.get(name) ?? "not known"];
    return said === undefined || said === is ? [] : [`${name}: SECURITY.md says ${said}, its package.json ${is}`];
  });
}

/** What users install along with the package: that, and nothing else. */
async function wrongManifest(listed: ReadonlyMap<string, Listed>, installed: string): Promise<string[]> {
  const manifest = JSON.parse(await Deno.readTextFile(join(installed, "package.json")));
  const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {}, optionalDependencies = {} } = manifest;
  const optional = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional);
  const expected: Record<string, readonly string[]> = {
    dependency: Object.keys(dependencies),
    "optional peer": optional,
  };
  const problems = Object.entries(expected).flatMap(([as, names]) => {
    const said = [...listed].filter((row) => row[1].as === as).map(([name]) => name);
    return `${said.toSorted()}` === `${names.toSorted()}` ? [] : [`as ${as}: SECURITY.md has ${said}, npm ${names}`];
  });
  const others = [...Object.keys(peerDependencies).filter((name) => !optional.includes(name))];
  return [...problems, ...[...others, ...Object.keys(optionalDependencies)].map((name) => `npm has ${name}, too`)];
}

/** Each package is listed with the entries that load it. A peer that none does is taken by its shape. */
function wrongEntries(listed: ReadonlyMap<string, Listed>, loaded: ReadonlyMap<string, readonly string[]>): string[] {
  return [...new Set([...listed.keys(), ...loaded.keys()])].flatMap((name) => {
    const { as, entries = [] } = listed.get(name) ?? {};
    const found = loaded.get(name) ?? [];
    if (as === "optional peer" && found.length === 0 && entries.length > 0) return [];
    const [said, is] = [entries, found].map((list) => list.toSorted().join(" ") || "no entry");
    return said === is ? [] : [`${name}: SECURITY.md has it for ${said}, the npm package for ${is}`];
  });
}
