import config from "../../deno.json" with { type: "json" };
import { command } from "../lib/command.ts";
import { type Ground, NPM_VERSION } from "../lib/ground.ts";
import type { Leg } from "../lib/leg.ts";
import { readCounts } from "../lib/counts.ts";
import { npmPackage } from "../lib/npm.ts";
import { dirname, join } from "../lib/path.ts";
import { tsc } from "../lib/typescript.ts";
import { NODE_TYPES } from "./http_types.ts";

/** What the pages install beside the package. */
const BROUGHT = {
  ...NODE_TYPES,
  "@hono/node-server": "2.1.8",
  hono: config.imports.hono.replace("npm:hono@", ""),
};

/** What the packed package and its entries need, as it was installed for all legs. */
const INSTALLED = [config.name, "zod", "@opentelemetry/api"];

/** Newcomers, each in an empty folder, do what README.md and docs/start.md say: see tests/adoption/main.ts. */
export function adoption(ground: Ground): Leg {
  const { env, runtimes: { node22, node24, bun, workerd } } = ground;
  return {
    name: "adoption, from an empty folder",
    async run() {
      const modules = join(await ground.project(), "node_modules");
      const scratch = join(ground.scratch, "adoption");
      await Deno.mkdir(scratch);
      const brought = await Promise.all(
        Object.entries(BROUGHT).map(async ([name, version]) => [name, await npmPackage(name, version)]),
      );
      const input = {
        world: {
          scratch,
          node22: node22.path,
          node24: node24.path,
          bun: bun.path,
          workerd: workerd.path,
          npm: await npmPackage("npm", NPM_VERSION),
        },
        packages: {
          ...Object.fromEntries(brought),
          typescript: dirname(dirname(await tsc())),
          ...Object.fromEntries(INSTALLED.map((name) => [name, join(modules, name)])),
        },
      };
      const main = ["run", "-A", "--quiet", "tests/adoption/main.ts"];
      return readCounts(await command(Deno.execPath(), [...main, JSON.stringify(input)], { env }));
    },
  };
}
