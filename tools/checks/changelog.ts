import config from "../../deno.json" with { type: "json" };
import { ROOT } from "../lib/command.ts";
import { join } from "../lib/path.ts";

/** What a version may have behind it: the day of its release, or that there is none yet. */
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const NO_DAY = "unreleased";

/** When a changelog says that a version was released: a day, `unreleased`, or `undefined` if it is not in there. */
export function releaseDay(changelog: string, version: string): string | undefined {
  const heading = changelog.split("\n").find((line) => line.startsWith(`## [${version}] - `));
  return heading?.slice(`## [${version}] - `.length);
}

/** What is wrong with the changelog: the version of deno.json needs a place in it. */
export async function changelogProblems(): Promise<string[]> {
  const day = releaseDay(await Deno.readTextFile(join(ROOT, "CHANGELOG.md")), config.version);
  if (day !== undefined && (DAY.test(day) || day === NO_DAY)) return [];
  return [`CHANGELOG.md needs "## [${config.version}] - ${NO_DAY}", or with a day such as 2026-12-24, got: ${day}`];
}
