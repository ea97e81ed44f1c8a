/**
 * Lays out the `@std` packages as a JSR registry of plain files, for machines that reach npm but not JSR.
 *
 * The code comes from the npm package `deno-std`, a republication of the Deno standard library; the types of what this
 * project uses are in `std_types/`, everything else is `any`.
 *
 * Invariants:
 * 1. A registry is complete before it gets its final name, so runs that build it at the same time never see half of one.
 * 2. Its name contains a hash of everything it is made from, so a stale one is never used.
 * 3. It lies outside the package, where `deno publish` and `deno test --doc` do not look.
 */
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { listFiles } from "./lib/files.ts";
import { npmPackage } from "./lib/npm.ts";
import { dirname, fromFileUrl, join } from "./lib/path.ts";

/** The newest release that has the package: 1.3.1 is the last one with `testing`. */
const SOURCES = {
  "1.4.0": [
    "assert",
    "async",
    "data_structures",
    "encoding",
    "http",
    "internal",
  ],
  "1.3.1": ["testing"],
};

/** Modules whose own imports are missing from the npm package. */
const BROKEN = new Set([
  "http/file_server",
  "testing/_snapshot_utils",
  "testing/bdd",
  "testing/snapshot",
]);

const TYPES = fromFileUrl(new URL("./std_types/", import.meta.url));
const MANIFEST = "complete.json";

/** Returns the folder of a complete registry, made now or by an earlier run. */
export async function stdRegistry(): Promise<string> {
  const types = await readTypes();
  const home = join(tmpdir(), `taskscope-std-${await fingerprint(types)}`);
  if (await isComplete(home)) return home;

  const files = new Map<string, string>();
  for (const [version, names] of Object.entries(SOURCES)) {
    const folder = await npmPackage("deno-std", version);
    for (const name of names) await layOut(name, version, folder, types, files);
  }
  const draft = await Deno.makeTempDir({ prefix: "taskscope-std-" });
  for (const [path, text] of files) {
    await Deno.mkdir(dirname(join(draft, path)), { recursive: true });
    await Deno.writeTextFile(join(draft, path), text);
  }
  const manifest = JSON.stringify([...files.keys()]);
  await Deno.writeTextFile(join(draft, MANIFEST), manifest);
  return await publish(draft, home);
}

/** Gives the draft its final name (invariant 1), or uses what another run was faster to put there. */
async function publish(draft: string, home: string): Promise<string> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await Deno.rename(draft, home);
      return home;
    } catch {
      if (await isComplete(home)) {
        await Deno.remove(draft, { recursive: true });
        return home;
      }
      // A cleaner of temporary folders took some of the files.
      await Deno.remove(home, { recursive: true }).catch(() => {});
    }
  }
  return draft;
}

async function isComplete(home: string): Promise<boolean> {
  try {
    // On a shared machine the name can be guessed: never run what somebody else put there.
    const { uid } = await Deno.stat(home);
    if (uid !== null && uid !== Deno.uid()) return false;
    const files = JSON.parse(await Deno.readTextFile(join(home, MANIFEST)));
    await Promise.all(files.map((file: string) => Deno.stat(join(home, file))));
    return true;
  } catch {
    return false;
  }
}

async function fingerprint(types: Map<string, string>): Promise<string> {
  const hash = createHash("sha256");
  hash.update(await Deno.readTextFile(new URL(import.meta.url)));
  for (const [path, text] of types) hash.update(`${path}\0${text}\0`);
  return hash.digest("hex").slice(0, 12);
}

async function readTypes(): Promise<Map<string, string>> {
  const types = new Map<string, string>();
  for (const path of await listFiles(TYPES)) {
    types.set(path, await Deno.readTextFile(join(TYPES, path)));
  }
  return types;
}

/** Adds the files of one package, by their path in the registry. */
async function layOut(
  name: string,
  version: string,
  source: string,
  types: Map<string, string>,
  files: Map<string, string>,
): Promise<void> {
  const published = `@std/${dashed(name)}`;
  const exports: Record<string, string> = {};
  for (const path of await listFiles(join(source, name))) {
    const module = path.replace(/\.js$/, "");
    if (BROKEN.has(`${name}/${module}`)) continue;
    const code = repair(
      await Deno.readTextFile(join(source, name, path)),
      name,
      module,
    );
    const base = `${published}/${version}/${module}`;
    const self = module.split("/").at(-1);
    files.set(`${base}.js`, `/* @ts-self-types="./${self}.d.ts" */\n${code}`);
    files.set(`${base}.d.ts`, declarations(code, name, module, types));
    if (/^[a-z]/.test(self ?? "")) {
      exports[module === "mod" ? "." : `./${dashed(module)}`] = `./${path}`;
    }
  }
  files.set(
    `${published}/meta.json`,
    JSON.stringify({ versions: { [version]: {} } }),
  );
  files.set(
    `${published}/${version}_meta.json`,
    JSON.stringify({ exports, manifest: {} }),
  );
}

/** Points imports that leave the package at JSR names, and drops re-exports of {@linkcode BROKEN} modules. */
function repair(code: string, name: string, module: string): string {
  const depth = module.split("/").length;
  return code
    .replace(
      /^(.*?\bfrom )"((?:\.\.\/)+)([\w-]+)\/([\w/-]+)\.js"/gm,
      (all, head, up, other, target) =>
        up.length / 3 === depth ? `${head}"jsr:@std/${other}@^1${target === "mod" ? "" : `/${dashed(target)}`}"` : all,
    )
    .replace(
      /^export \* from "\.\/([\w/]+)\.js";\n/gm,
      (all, target) => BROKEN.has(`${name}/${target}`) ? "" : all,
    );
}

/** The types of a module: written by hand, taken from the package's hand-written mod.d.ts, or `any`. */
function declarations(
  code: string,
  name: string,
  module: string,
  types: Map<string, string>,
): string {
  const written = types.get(`${name}/${module}.d.ts`);
  if (written !== undefined) return written;
  const names = [
    ...code.matchAll(
      /^export (?:async )?(function\*?|class|const) (\w+)/gm,
    ),
  ].map(([, kind, symbol]) => ({ kind, symbol }));
  const whole = types.get(`${name}/mod.d.ts`);
  if (whole !== undefined) {
    const known = names.filter(({ symbol }) => new RegExp(`\\b${symbol}\\b`).test(whole));
    return `export { ${known.map(({ symbol }) => symbol).join(", ")} } from "./mod.d.ts";\n`;
  }
  const reexports = code.match(/^export \* from .*$/gm) ?? [];
  return [
    ...reexports.map((line) => line.replace(".js", ".d.ts")),
    ...names.map(({ kind, symbol }) =>
      kind === "class"
        ? `export declare class ${symbol}<A = any, B = any> { constructor(...args: any[]); [member: string]: any; }`
        : `export declare const ${symbol}: any;`
    ),
    "export {};",
  ].join("\n") + "\n";
}

function dashed(name: string): string {
  return name.replaceAll("_", "-");
}
