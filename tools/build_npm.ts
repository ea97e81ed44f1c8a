/**
 * Builds the npm package into `npm/`: JavaScript with `@std` inlined, npm packages left as dependencies or peers, and
 * declarations. No source maps: the code is not minified, and its sources are on JSR.
 *
 * ```sh
 * deno task build:npm             # to try it
 * deno task build:npm --release   # to publish it: .github/workflows/publish.yml
 * ```
 */
import config from "../deno.json" with { type: "json" };
import { bundle } from "./lib/bundle.ts";
import { ROOT } from "./lib/command.ts";
import { listFiles } from "./lib/files.ts";
import { runMain } from "./lib/failure.ts";
import { join } from "./lib/path.ts";
import { absoluteLinks, type Release, releaseOf } from "./lib/release.ts";
import { emitDeclarations } from "./lib/typescript.ts";
import { stdEnv } from "./std.ts";

const ENTRIES: [string, string][] = Object.entries(config.exports);
const SOURCES = ENTRIES.map(([, source]) => source);

/** The npm packages of the import map: name to version range. */
const NPM_PACKAGES = new Map(
  Object.entries(config.imports).flatMap(([name, specifier]) => {
    const range = specifier.match(/^npm:.+@([^@/]+)$/)?.[1];
    return range === undefined ? [] : [[name, range] as const];
  }),
);

/** What one entry is made for: whoever uses that entry has it, and it must be the one they have. */
const PEERS = ["@opentelemetry/api", "bullmq", "pg-boss"];

const KEYWORDS = [
  ...["structured-concurrency", "concurrency", "task", "scope", "cancellation", "abortsignal", "deadline", "timeout"],
  ...["waituntil", "background-tasks", "graceful-shutdown", "serverless", "edge", "deno", "bun", "cloudflare-workers"],
];

/**
 * Builds the package into a folder, which is emptied first.
 *
 * @param release Where it is published from, if it is to be published: in its manifest, and in the links of its readme.
 */
export async function buildNpm(
  folder: string,
  env: { JSR_URL: string },
  release?: Release,
): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder, { recursive: true });
  const dependencies = await writeScripts(folder, env);
  await writeDeclarations(folder);
  const manifest = {
    name: config.name,
    version: config.version,
    description: config.description,
    keywords: KEYWORDS,
    license: config.license,
    ...release?.manifest,
    type: "module",
    sideEffects: false,
    engines: { node: ">=22" },
    exports: Object.fromEntries(ENTRIES.map(([name, source]) => {
      const path = source.replace(/\.ts$/, "");
      return [name, { types: `${path}.d.ts`, default: `${path}.js` }];
    })),
    dependencies,
    peerDependencies: Object.fromEntries(PEERS.map((name) => [name, `^${NPM_PACKAGES.get(name)?.replace("^", "")}`])),
    peerDependenciesMeta: Object.fromEntries(PEERS.map((name) => [name, { optional: true }])),
  };
  await Deno.writeTextFile(
    join(folder, "package.json"),
    JSON.stringify(manifest, null, 2) + "\n",
  );
  for (const file of ["README.md", "CHANGELOG.md", "LICENSE"]) {
    const text = await Deno.readTextFile(join(ROOT, file));
    await Deno.writeTextFile(join(folder, file), release ? absoluteLinks(text, release) : text);
  }
}

/** One file an entry, with what entries share in files beside them; returns the packages they still import. */
async function writeScripts(
  folder: string,
  env: { JSR_URL: string },
): Promise<Record<string, string>> {
  await bundle(env, [
    ...["--code-splitting", "--outdir", folder],
    ...[...NPM_PACKAGES.keys()].map((name) => `--external=${name}`),
    ...SOURCES,
  ]);
  const dependencies: Record<string, string> = {};
  for (const script of await listFiles(folder)) {
    const path = join(folder, script);
    const code = nameOrigins(await Deno.readTextFile(path));
    for (const [name, range] of NPM_PACKAGES) {
      if (PEERS.includes(name)) continue;
      if (code.includes(`from "${name}"`) || code.includes(`from "${name}/`)) dependencies[name] = range;
    }
    await Deno.writeTextFile(path, code);
  }
  return dependencies;
}

/**
 * One file a module, by TypeScript: `deno bundle --declaration` leaves imports of files that are not in the package, and
 * would declare a class anew for every entry, each with private members that are not those of the others.
 */
async function writeDeclarations(folder: string): Promise<void> {
  await emitDeclarations(ROOT, SOURCES, folder);
  for (const file of await listFiles(folder)) {
    if (!file.endsWith(".d.ts")) continue;
    const path = join(folder, file);
    const text = (await Deno.readTextFile(path))
      .replace(/(\bfrom |\bimport\()"(\.[^"]+)\.ts"/g, '$1"$2.js"');
    await Deno.writeTextFile(path, text);
  }
}

/** Keeps the build the same everywhere: the bundler writes the path of each module as a comment above it. */
function nameOrigins(code: string): string {
  return code.replace(
    /^\/\/ .*\/(@std\/[\w-]+)\/[\d.]+\/([\w/]+)\.[jt]s$/gm,
    "// $1/$2",
  );
}

if (import.meta.main) {
  await runMain(async () => {
    const env = await stdEnv();
    const release = Deno.args.includes("--release") ? releaseOf(env, Deno.env.toObject()) : undefined;
    await buildNpm(join(ROOT, "npm"), env, release);
    console.log(`Built ${config.name}@${config.version} into npm/${release ? "" : ", not to be published"}`);
  });
}
