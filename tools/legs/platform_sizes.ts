import config from "../../deno.json" with { type: "json" };
import { bundle } from "../lib/bundle.ts";
import type { Ground } from "../lib/ground.ts";
import { type Leg, verdict } from "../lib/leg.ts";
import { join } from "../lib/path.ts";

const KILOBYTE = 1_024;
/** An entry that knows limits carries their data, and what checks overrides: `zod/mini`, never the whole of zod. */
const LIMIT_BYTES = 9 * KILOBYTE;
/** The others: all hosts in one, and the entries that are nothing but the process. */
const OTHER_LIMITS: Readonly<Record<string, number>> = {
  "./platforms": 13 * KILOBYTE,
  "./bun": 3 * KILOBYTE,
  "./node": 4 * KILOBYTE, // with toNodeListener
};
const FOLDER = "./src/platforms/";

/** What the entry of each host costs by itself, minified and compressed. */
export function platformSizes({ env, scratch }: Ground): Leg {
  return {
    name: "bundle size of platforms",
    async run() {
      const folder = join(scratch, "platform_sizes");
      await Deno.mkdir(folder);
      const entries = Object.entries(config.exports)
        .filter(([, source]) => source.startsWith(FOLDER))
        .map(([name]) => ({ name, file: name.slice(2).replaceAll("/", "_") }));
      for (const { name, file } of entries) {
        const code = `import * as all from "${config.name}${name.slice(1)}"; Object.assign(self, { all });`;
        await Deno.writeTextFile(join(folder, `${file}.ts`), code);
      }
      const out = join(folder, "out");
      const files = entries.map(({ file }) => join(folder, `${file}.ts`));
      await bundle(env, ["--config=deno.json", "--minify", "--outdir", out, ...files]);
      const problems: string[] = [];
      const sizes: string[] = [];
      for (const { name, file } of entries) {
        const bytes = await gzipSize(join(out, `${file}.js`));
        const limit = OTHER_LIMITS[name] ?? LIMIT_BYTES;
        sizes.push(`${name.slice(2)} ${(bytes / KILOBYTE).toFixed(1)}`);
        if (bytes > limit) problems.push(`${name} has ${bytes} bytes gzip, more than ${limit}`);
      }
      return verdict(problems.length === 0, { note: `KB gzip: ${sizes.join(", ")}`, output: problems.join("\n") });
    },
  };
}

async function gzipSize(path: string): Promise<number> {
  const file = await Deno.open(path);
  return (await new Response(file.readable.pipeThrough(new CompressionStream("gzip"))).bytes()).length;
}
