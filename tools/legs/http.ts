import { bundle } from "../lib/bundle.ts";
import { command, ROOT } from "../lib/command.ts";
import { readCounts } from "../lib/counts.ts";
import type { Ground } from "../lib/ground.ts";
import type { Leg, Outcome } from "../lib/leg.ts";
import { join } from "../lib/path.ts";

const FOLDER = "tests/http/e2e";

/** Real servers and real clients: the same scenarios on each, see tests/http/e2e/scenarios.ts. */
export function http(ground: Ground): Leg[] {
  const { env, runtimes: { node22, node24, bun, workerd } } = ground;
  const deno = ["run", "-A", "--quiet", `${FOLDER}/servers/deno.ts`];
  const standard = ["run", "-A", "--quiet", "--unstable-no-legacy-abort", `${FOLDER}/servers/deno.ts`];
  return [
    leg(`http, Deno ${Deno.version.deno}`, () => scenarios(ground, ["process", Deno.execPath(), ...deno])),
    leg("http, Deno, no-legacy-abort", () => scenarios(ground, ["process", Deno.execPath(), ...standard])),
    ...[
      { label: bun.label, path: bun.path, server: "bun" },
      { label: node22.label, path: node22.path, server: "node" },
      { label: node24.label, path: node24.path, server: "node" },
      { label: `${node24.label}, srvx`, path: node24.path, server: "srvx" },
      { label: `${node24.label}, @hono/node-server`, path: node24.path, server: "hono" },
      { label: `${node24.label}, @whatwg-node/server`, path: node24.path, server: "whatwg" },
    ].map(({ label, path, server }) =>
      leg(`http, ${label}`, async () => {
        const script = join(await folderOf(ground, label), "server.mjs");
        await bundle(env, ["--external=node:*", "--output", script, `${FOLDER}/servers/${server}.ts`]);
        return await scenarios(ground, ["process", path, script]);
      })
    ),
    leg(`http, ${workerd.label}`, async () => {
      const folder = await folderOf(ground, workerd.label);
      await bundle(env, ["--output", join(folder, "worker.js"), `${FOLDER}/servers/worker.ts`]);
      await Deno.copyFile(join(ROOT, FOLDER, "workerd.capnp"), join(folder, "workerd.capnp"));
      return await scenarios(ground, ["workerd", workerd.path, folder]);
    }),
  ];
}

function leg(name: string, run: () => Promise<Outcome>): Leg {
  return { name, run };
}

/** A folder of its own: legs run at the same time. */
async function folderOf({ scratch }: Ground, label: string): Promise<string> {
  const folder = join(scratch, `http_${label.replaceAll(/[^\w.]+/g, "_")}`);
  await Deno.mkdir(folder);
  return folder;
}

async function scenarios({ env }: Ground, args: readonly string[]): Promise<Outcome> {
  const main = ["run", "-A", "--quiet", `${FOLDER}/main.ts`];
  return readCounts(await command(Deno.execPath(), [...main, ...args], { env, timeout: 120 }));
}
