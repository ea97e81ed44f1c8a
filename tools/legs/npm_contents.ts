import { pathToFileURL } from "node:url";
import { buildNpm } from "../build_npm.ts";
import { listFiles } from "../lib/files.ts";
import type { Ground } from "../lib/ground.ts";
import { type Leg, type Outcome, verdict } from "../lib/leg.ts";
import { dirname, fromFileUrl, join } from "../lib/path.ts";
import { releaseOf } from "../lib/release.ts";

/** No sources, tests, maps or leftovers. */
const KINDS =
  /^(package\.json|(README|CHANGELOG)\.md|LICENSE|mod\.(js|d\.ts)|chunk-[A-Z0-9]{8}\.js|src\/[\w/]+\.(js|d\.ts))$/;
/** What differs between a build and a release of the same version. */
const OF_A_RELEASE = ["package.json", "README.md", "CHANGELOG.md"];

/** The npm package has what it should, the same in every build, and a release says where it is from. */
export function npmContents(ground: Ground): Leg {
  return { name: "npm package, files of a build and a release", run: async () => await contents(ground) };
}

/** A second build of the same sources, as a release, with `@std` at another place if it is in files. */
async function contents({ env, scratch, packed }: Ground): Promise<Outcome> {
  const { folder } = await packed();
  const again = join(scratch, "npm_release");
  const release = releaseOf({ JSR_URL: "https://jsr.io/" }, { GITHUB_REPOSITORY: "Owner/name" });
  await buildNpm(again, await movedStd(env, join(scratch, "std")), release);
  const files = await listFiles(folder);
  const problems = files.filter((file) => !KINDS.test(file)).map((file) => `${file} should not be in the package`);
  if (`${files}` !== `${await listFiles(again)}`) problems.push("another build has other files");
  const read = async (root: string, file: string) => await Deno.readTextFile(join(root, file));
  for (const file of files.filter((file) => !OF_A_RELEASE.includes(file))) {
    if (await read(folder, file) !== await read(again, file)) problems.push(`${file} differs in another build`);
  }
  const { repository } = JSON.parse(await read(again, "package.json"));
  if (repository?.url !== "git+https://github.com/Owner/name.git") problems.push("a release names no repository");
  const prose = (await read(again, "README.md")).replace(/^```[\s\S]*?^```/gm, "");
  const relative = prose.match(/\]\((?![a-z]+:|#)[^)]+\)/g) ?? [];
  problems.push(...relative.map((link) => `README.md of a release has ${link}`));
  return verdict(problems.length === 0, { note: `${files.length} files`, output: problems.join("\n") });
}

async function movedStd(env: { JSR_URL: string }, to: string): Promise<{ JSR_URL: string }> {
  if (!env.JSR_URL.startsWith("file:")) return env;
  const from = fromFileUrl(env.JSR_URL);
  for (const file of await listFiles(from)) {
    await Deno.mkdir(dirname(join(to, file)), { recursive: true });
    await Deno.copyFile(join(from, file), join(to, file));
  }
  return { JSR_URL: `${pathToFileURL(to)}/` };
}
