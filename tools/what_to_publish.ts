/**
 * Says of a tag where it is still to be published, for `.github/workflows/publish.yml`.
 *
 * ```sh
 * deno run -A tools/what_to_publish.ts v0.1.0   # prints jsr=true, npm=true and npm_tag=latest, or why not
 * ```
 */
import config from "../deno.json" with { type: "json" };
import { releaseDay } from "./checks/changelog.ts";
import { ROOT } from "./lib/command.ts";
import { Failure, runMain } from "./lib/failure.ts";
import { join } from "./lib/path.ts";

/** Where versions are looked up. */
export interface Registries {
  readonly jsr: string;
  readonly npm: string;
}

const REGISTRIES: Registries = { jsr: "https://jsr.io", npm: "https://registry.npmjs.org" };

/**
 * Which registries do not have the version yet, so that a run that published to one of them can be repeated.
 *
 * @throws {Failure} If the tag is not that of the version, the changelog has no day for it, or both have it.
 */
export async function whatToPublish(
  tag: string,
  changelog: string,
  registries: Registries = REGISTRIES,
): Promise<{ jsr: boolean; npm: boolean; npm_tag: string }> {
  const { name, version } = config;
  if (tag !== `v${version}`) {
    throw new Failure(`Cannot publish ${tag}: deno.json has version ${version}; tag the commit that has the version.`);
  }
  const day = releaseDay(changelog, version);
  if (day === undefined || day === "unreleased") {
    throw new Failure(`Cannot publish ${tag}: CHANGELOG.md needs "## [${version}] - " with the day of the release.`);
  }
  const ofJsr = await lookUp(`${registries.jsr}/${name}/meta.json`);
  const ofNpm = await lookUp(`${registries.npm}/${name.replace("/", "%2f")}`);
  const [jsr, npm] = [ofJsr, ofNpm].map((found) => !Object.hasOwn(found.versions, version)) as [boolean, boolean];
  if (jsr || npm) return { jsr, npm, npm_tag: npmTag(version, Object.keys(ofNpm.versions)) };
  throw new Failure(`Cannot publish ${tag}: JSR and npm have it already; a new release needs a new version.`);
}

/** What npm is to call a version, besides its number: it makes only the newest one the latest by itself, and refuses others. */
export function npmTag(version: string, published: readonly string[]): "latest" | "next" | "backport" {
  if (version.includes("-")) return "next";
  const isNewer = (other: string) => other.localeCompare(version, "en", { numeric: true }) > 0;
  return published.some((other) => !other.includes("-") && isNewer(other)) ? "backport" : "latest";
}

/** What a registry has of the package; a package that it does not know has no versions. */
async function lookUp(url: string): Promise<{ versions: object }> {
  const response = await fetch(url, { headers: { accept: "application/json" } }).catch((cause) => {
    throw new Failure(`Cannot see what is published: ${url} cannot be reached (${cause.message}); try again later.`);
  });
  if (response.ok) return await response.json();
  await response.body?.cancel();
  if (response.status === 404) return { versions: {} };
  throw new Failure(`Cannot see what is published: ${url} answers ${response.status}; try again later.`);
}

if (import.meta.main) {
  await runMain(async () => {
    const changelog = await Deno.readTextFile(join(ROOT, "CHANGELOG.md"));
    const outputs = await whatToPublish(Deno.args[0] ?? "", changelog);
    for (const [name, value] of Object.entries(outputs)) console.log(`${name}=${value}`);
  });
}
