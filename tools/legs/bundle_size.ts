import { bundle } from "../lib/bundle.ts";
import type { Ground } from "../lib/ground.ts";
import { type Leg, verdict } from "../lib/leg.ts";
import { moduleGraph } from "../lib/module_graph.ts";
import { join } from "../lib/path.ts";
import { gzipSize } from "../lib/size.ts";

const LIMIT_BYTES = 10 * 1024;

/**
 * What TaskScope costs a browser or an edge function, minified and compressed. The limit is for the core, which is what
 * `import "@taskscope/taskscope"` leaves behind; a bundler adds the combinators that are used, all of them are the other
 * figure.
 */
export function bundleSize({ env, scratch }: Ground): Leg {
  return {
    name: "bundle size",
    async run() {
      const measure = async (name: string, code: string) => {
        const [entry, path] = [join(scratch, `${name}.ts`), join(scratch, `${name}.min.js`)];
        await Deno.writeTextFile(entry, code);
        await bundle(env, ["--config=deno.json", "--minify", "--output", path, entry]);
        return { bytes: await gzipSize(path), left: await importsOf(path) };
      };
      const core = await measure(
        "core",
        'import { TaskScope } from "@taskscope/taskscope"; Object.assign(self, { TaskScope });',
      );
      const all = await measure("all", 'import * as all from "@taskscope/taskscope"; Object.assign(self, { all });');
      const inside = await packagesOf("mod.ts", env);
      const problems = [
        core.bytes > LIMIT_BYTES && `the core is larger than ${LIMIT_BYTES} bytes`,
        inside.length > 0 && `mod.ts pulls in ${inside.join(", ")}`,
        all.left.length > 0 && `the bundle still imports ${all.left.join(", ")}`,
      ].filter((problem) => problem !== false);
      return verdict(problems.length === 0, {
        note: `${core.bytes} bytes gzip, ${all.bytes} with every combinator`,
        output: problems.join("\n"),
      });
    },
  };
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
