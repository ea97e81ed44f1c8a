import config from "../../deno.json" with { type: "json" };
import { ROOT } from "../lib/command.ts";
import type { Ground } from "../lib/ground.ts";
import { type Leg, verdict } from "../lib/leg.ts";
import { licensesOf } from "../lib/licenses.ts";
import { join } from "../lib/path.ts";
import { jsrPackages, pinnedPackages, runtimePackages } from "../lib/pins.ts";

/** A row of the tables in SECURITY.md. */
interface Listed {
  readonly license: string;
  /** How the npm package has it: `dependency`, `optional peer`, `inlined`; nothing for what is not published. */
  readonly as: string | undefined;
}

/** What SECURITY.md says of dependencies is complete and true: of the project, and of the npm package as it is built. */
export function dependencies(ground: Ground): Leg {
  return {
    name: "dependencies are as SECURITY.md has them",
    async run() {
      const listed = listIn(await Deno.readTextFile(join(ROOT, "SECURITY.md")));
      const pins = await pinnedPackages();
      const folder = join(ground.scratch, "licenses");
      await Deno.mkdir(folder);
      const used = new Set([...pins.keys(), ...jsrPackages(), ...await runtimePackages()]);
      const problems = [
        ...[...used].filter((name) => !listed.has(name)).map((name) => `${name} is used, and not in SECURITY.md`),
        ...[...listed.keys()].filter((name) => !used.has(name)).map((name) =>
          `${name} is in SECURITY.md, and not used`
        ),
        ...wrongLicenses(listed, await licensesOf(pins, folder), pins),
        ...await wrongManifest(listed, await ground.project()),
      ];
      return verdict(problems.length === 0, { note: `${used.size} packages`, output: problems.join("\n") });
    },
  };
}

/** The packages in the rows of all tables whose header has a column of that name. */
function listIn(text: string): Map<string, Listed> {
  const listed = new Map<string, Listed>();
  let columns: string[] = [];
  for (const line of text.split("\n")) {
    const cells = line.startsWith("|") ? line.slice(1, -1).split("|").map((cell) => cell.trim()) : [];
    if (columns.length === 0) columns = cells;
    else if (cells.length === 0) columns = [];
    const cell = (name: string) => cells[columns.indexOf(name)];
    const names = cell("packages") ?? cell("package")?.match(/`[^`]+`/)?.[0] ?? "";
    for (const [, name = ""] of names.matchAll(/`([^`]+)`/g)) {
      listed.set(name, { license: cell("license") ?? "", as: cell("as") });
    }
  }
  return listed;
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
async function wrongManifest(listed: ReadonlyMap<string, Listed>, project: string): Promise<string[]> {
  const manifest = JSON.parse(await Deno.readTextFile(join(project, `node_modules/${config.name}/package.json`)));
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
