import { bundle } from "../lib/bundle.ts";
import type { Ground } from "../lib/ground.ts";
import { type Leg, verdict } from "../lib/leg.ts";
import { moduleGraph } from "../lib/module_graph.ts";
import { join } from "../lib/path.ts";

const LIMIT_BYTES = 10 * 1024;

/** What `import "@taskscope/taskscope"` costs a browser or an edge function: everything, minified and compressed. */
export function bundleSize({ env, scratch }: Ground): Leg {
  return {
    name: "bundle size",
    async run() {
      const path = join(scratch, "minified.js");
      await bundle(env, ["--minify", "--output", path, "mod.ts"]);
      const bytes = await gzipSize(path);
      const inside = await packagesOf("mod.ts", env);
      const left = await importsOf(path);
      const problems = [
        bytes > LIMIT_BYTES && `it is larger than ${LIMIT_BYTES} bytes`,
        inside.length > 0 && `mod.ts pulls in ${inside.join(", ")}`,
        left.length > 0 && `the bundle still imports ${left.join(", ")}`,
      ].filter((problem) => problem !== false);
      return verdict(problems.length === 0, {
        note: `${(bytes / 1024).toFixed(1)} KB gzip`,
        output: problems.join("\n"),
      });
    },
  };
}

async function gzipSize(path: string): Promise<number> {
  const file = await Deno.open(path);
  const gzip = new CompressionStream("gzip");
  const bytes = await new Response(file.readable.pipeThrough(gzip)).bytes();
  return bytes.length;
}

/** npm packages and `node:` modules anywhere below an entry. */
async function packagesOf(
  entry: string,
  env: { JSR_URL: string },
): Promise<string[]> {
  return (await moduleGraph([entry], env))
    .map(({ specifier }) => specifier)
    .filter((specifier) => /^(npm|node):/.test(specifier));
}

async function importsOf(path: string): Promise<string[]> {
  return (await moduleGraph([path], {})).flatMap(({ dependencies = [] }) =>
    dependencies.map(({ specifier }) => specifier)
  );
}
