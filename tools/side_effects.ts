/**
 * Prints what a bundler leaves of each entry of the npm package that is imported for nothing, as JSON.
 *
 * Rollup reads no manifest here, so `sideEffects: false` is no help: what is left is what the code does when it is
 * loaded, or may do for all that can be seen.
 *
 * ```sh
 * deno run -A tools/side_effects.ts npm
 * ```
 */
import { rollup } from "@rollup/wasm-node";
import config from "../deno.json" with { type: "json" };
import { isAbsolute, resolve } from "./lib/path.ts";

const START = "start";

/** The code that is left of a module that is imported for its side effects alone. */
async function leftOf(module: string): Promise<string> {
  const bundle = await rollup({
    input: START,
    external: (name) => name !== START && !name.startsWith(".") && !isAbsolute(name),
    treeshake: { propertyReadSideEffects: false },
    onwarn() {},
    plugins: [{
      name: START,
      resolveId: (name) => name === START ? START : null,
      load: (name) => name === START ? `import ${JSON.stringify(module)};` : null,
    }],
  });
  const { output: [{ code }] } = await bundle.generate({ format: "es" });
  return code;
}

const [folder = "npm"] = Deno.args;
const left: Record<string, string> = {};
for (const [entry, source] of Object.entries(config.exports)) {
  left[entry] = await leftOf(resolve(folder, source.replace(/\.ts$/, ".js")));
}
console.log(JSON.stringify(left));
