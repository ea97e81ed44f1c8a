import { bundle } from "../lib/bundle.ts";
import { command, ROOT } from "../lib/command.ts";
import { readCounts } from "../lib/counts.ts";
import { Failure } from "../lib/failure.ts";
import { type Ground, once } from "../lib/ground.ts";
import type { Leg } from "../lib/leg.ts";
import { join } from "../lib/path.ts";

const FOLDER = "tests/testing/engines";
const PROGRAMS = [
  "deno",
  "bun",
  "node_srvx",
  "node_hono",
  "node_whatwg",
  "edge_runtime",
  "edge_worker",
  "workerd",
  "itself",
];

/** Reads files beside its own, so it cannot be bundled. */
const DEPENDENCIES = { "edge-runtime": "4.0.1" };

/**
 * The scenarios of SimulatedHost on the engines that it simulates: real servers, and clients that really disconnect. A
 * fact that differs from what the simulated host shows in the unit tests fails its leg.
 */
export function simulatedHost(ground: Ground): Leg[] {
  const { node22, node24, bun, workerd } = ground.runtimes;
  const prepared = once(() => prepare(ground));
  const leg = (engine: string, program: string, ...args: string[]): Leg => ({
    name: `simulated host, ${engine}`,
    async run() {
      const cwd = await prepared();
      return readCounts(await command(program, args, { cwd, timeout: 120 }));
    },
  });
  const onDeno = (name: string, ...args: string[]) => leg(name, Deno.execPath(), "run", "-A", "--no-config", ...args);
  const onNode = (name: string, script: string) => leg(`${node24.label}, ${name}`, node24.path, script);
  const onWorkerd = (name: string, key: string) => leg(name, workerd.path, "test", "workerd.capnp", key);
  return [
    onDeno(`Deno ${Deno.version.deno}`, "deno.js"),
    onDeno("Deno, no-legacy-abort", "--unstable-no-legacy-abort", "deno.js", "no-legacy-abort"),
    leg(bun.label, bun.path, "bun.js"),
    onNode("srvx", "node_srvx.js"),
    onNode("@hono", "node_hono.js"),
    onNode("@whatwg-node", "node_whatwg.js"),
    onNode("edge-runtime", "edge_runtime.js"),
    onWorkerd(workerd.label, "cloudflare"),
    onWorkerd("workerd, no request signal", "cloudflareWithoutSignal"),
    leg(`itself on ${node22.label}`, node22.path, "itself.js"),
    leg(`itself on ${bun.label}`, bun.path, "itself.js"),
  ];
}

/** A folder with the programs, and with the package that is not in them. */
async function prepare({ env, scratch }: Ground): Promise<string> {
  const folder = join(scratch, "simulated_host");
  await Deno.mkdir(folder);
  const manifest = { private: true, type: "module", dependencies: DEPENDENCIES };
  await Deno.writeTextFile(join(folder, "package.json"), JSON.stringify(manifest));
  await Deno.copyFile(join(ROOT, FOLDER, "workerd.capnp"), join(folder, "workerd.capnp"));
  const install = ["install", "--quiet", "--node-modules-dir=auto"];
  const { code, output } = await command(Deno.execPath(), install, { cwd: folder });
  if (code !== 0) throw new Failure(`deno install of ${Object.keys(DEPENDENCIES)} failed:\n${output}`);
  for (const name of PROGRAMS) {
    await bundle(env, ["--external=node:*", "--output", join(folder, `${name}.js`), `${FOLDER}/${name}.ts`]);
  }
  return folder;
}
