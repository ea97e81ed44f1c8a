/**
 * A stand-in of JSR with this package in it, as `deno publish` would put it there. `@std` is in it, too.
 */
import config from "../../deno.json" with { type: "json" };
import { ROOT } from "../../tools/lib/command.ts";
import { listFiles } from "../../tools/lib/files.ts";
import { dirname, join } from "../../tools/lib/path.ts";
import { stdRegistry } from "../../tools/std_registry.ts";

const SPECIFIERS = Object.entries(config.imports).filter(([, to]) => /^(?:jsr|npm):/.test(to));

/** Lays it out in a folder, as plain files. */
export async function layOutJsr(folder: string): Promise<void> {
  const std = await stdRegistry();
  for (const file of await listFiles(std)) {
    await write(join(folder, file), await Deno.readTextFile(join(std, file)));
  }
  const home = join(folder, config.name);
  const sources = (await listFiles(join(ROOT, "src"))).map((file) => `src/${file}`);
  for (const file of ["mod.ts", ...sources]) {
    await write(join(home, config.version, file), published(await Deno.readTextFile(join(ROOT, file))));
  }
  const { exports } = config;
  await write(join(home, "meta.json"), JSON.stringify({ versions: { [config.version]: {} } }));
  await write(join(home, `${config.version}_meta.json`), JSON.stringify({ exports, manifest: {} }));
}

/** Names of the import map are nothing to those who install the package: what they stand for is put in. */
function published(code: string): string {
  return code.replace(/^(.* from )"([^".][^"]*)";$/gm, (line, head, name) => {
    const [key = "", to] = SPECIFIERS.find(([key]) => name === key || name.startsWith(`${key}/`)) ?? [];
    return to === undefined ? line : `${head}"${to}${name.slice(key.length)}";`;
  });
}

async function write(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(path, text);
}
