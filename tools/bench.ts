/**
 * Runs the measures of `bench/` on every runtime against the packed npm package and its pinned peers.
 *
 * ```sh
 * deno task bench                         # all; writes bench/RESULTS.md and bench/results.svg
 * deno task bench spawn_join node24 bun   # only these measures and runtimes; prints
 * ```
 */
import config from "../deno.json" with { type: "json" };
import { MEASURES } from "../bench/lib/all.ts";
import type { Measure } from "../bench/lib/measure.ts";
import { bundleSizes, coldStart } from "./bench_artifact.ts";
import { type Contest, contest } from "./bench_contest.ts";
import { chart, report, type Results } from "./bench_report.ts";
import { bundle } from "./lib/bundle.ts";
import { command, ROOT } from "./lib/command.ts";
import { Failure, runMain } from "./lib/failure.ts";
import { ground } from "./lib/ground.ts";
import { npmPackage } from "./lib/npm.ts";
import { join } from "./lib/path.ts";
import { prefetch } from "./lib/prefetch.ts";
import { runtimes } from "./runtimes.ts";
import { stdEnv } from "./std.ts";

const PEERS = ["abort-controller-x", "effect", "effection", "p-limit", "p-map", "p-queue"] as const;
const ARTIFACT = ["bundle_size", "cold_start"];

/** The exact versions of deno.json, such as `effect@4.1.0`. */
const pinned = PEERS.map((name) => config.imports[name].replace(/^npm:/, ""));

await runMain(async () => {
  const started = performance.now();
  const env = await stdEnv();
  const [installed] = await Promise.all([runtimes(), prefetch(env)]);
  const all = {
    deno: { label: `Deno ${Deno.version.deno}`, path: Deno.execPath() },
    ...installed,
  };
  const names = [...Object.keys(MEASURES), ...ARTIFACT];
  const chosen = choose(names, Object.keys(all), Deno.args);
  const scratch = await Deno.makeTempDir({ prefix: "taskscope-bench-" });
  try {
    const project = await ground({ env, runtimes: installed, scratch }).project();
    await addPeers(project, installed.node24.path);
    await build(project, env);
    const results: Results = { contests: [], sizes: [], starts: [] };
    for (const id of chosen.measures.filter((id) => id in MEASURES)) {
      const { measure } = await MEASURES[id]?.() as { measure: Measure };
      for (const name of chosen.runtimes) {
        const runtime = all[name as keyof typeof all];
        const found: Contest = await contest({ id, measure, name, runtime, project });
        results.contests.push(found);
        console.log(line(found));
      }
    }
    if (chosen.measures.includes("bundle_size")) results.sizes = await bundleSizes(project);
    if (chosen.measures.includes("cold_start")) {
      for (const name of chosen.runtimes.filter((name) => name !== "workerd")) {
        results.starts.push(await coldStart(all[name as keyof typeof all], project));
      }
    }
    const seconds = Math.round((performance.now() - started) / 1_000);
    const labels = Object.values(all).map(({ label }) => label);
    const text = report(results, [...labels, ...pinned]);
    if (Deno.args.length > 0) return void console.log(`\n${text}`), 0;
    await Deno.writeTextFile(join(ROOT, "bench/RESULTS.md"), text);
    await Deno.writeTextFile(join(ROOT, "bench/results.svg"), chart(results));
    await command(Deno.execPath(), ["fmt", "--quiet", join(ROOT, "bench/RESULTS.md")]);
    console.log(`\nWrote bench/RESULTS.md and bench/results.svg in ${seconds} s`);
    return 0;
  } finally {
    await Deno.remove(scratch, { recursive: true }).catch(() => {});
  }
});

/** Words choose measures and runtimes by a part of the name; where none chooses among one kind, all of that kind run. */
function choose(measures: string[], runtimes: string[], words: string[]): { measures: string[]; runtimes: string[] } {
  const meant = (name: string, word: string) => runtimes.includes(word) ? name === word : name.includes(word); // "bun"
  const matching = (names: string[]) => names.filter((name) => words.some((word) => meant(name, word)));
  for (const word of words) {
    if (![...measures, ...runtimes].some((name) => name.includes(word))) {
      throw new Failure(`Cannot choose what to run: no name contains ${word}; the names are ${measures}, ${runtimes}.`);
    }
  }
  const or = (some: string[], all: string[]) => some.length > 0 ? some : all;
  return { measures: or(matching(measures), measures), runtimes: or(matching(runtimes), runtimes) };
}

async function addPeers(project: string, node: string): Promise<void> {
  const cli = join(await npmPackage("npm", "11.6.0"), "bin/npm-cli.js");
  const args = [cli, "install", ...pinned, "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact"];
  const { code, output } = await command(node, args, { cwd: project });
  if (code !== 0) throw new Failure(`Cannot install the peers:\n${output}`);
}

/** `bench/run.js` loads one measure; `worker.js` has everything in it. */
async function build(project: string, env: { JSR_URL: string }): Promise<void> {
  const external = ["@taskscope/taskscope", ...PEERS, "node:process"].map((name) => `--external=${name}`);
  const source = "bench/lib";
  await bundle(env, [...external, "--code-splitting", "--outdir", join(project, "bench"), join(source, "run.ts")]);
  // From inside the project: so that the worker, too, has the built package in it.
  const entry = join(project, "bench/worker_entry.js");
  await bundle(env, [...external, "--output", entry, join(source, "worker.ts")]);
  const { code, output } = await command(Deno.execPath(), [
    ...["bundle", "--quiet", "--platform", "browser", "--output", "worker.js", "bench/worker_entry.js"],
  ], { cwd: project });
  if (code !== 0) throw new Failure(`deno bundle failed:\n${output}`);
  await Deno.copyFile(join(ROOT, "bench/lib/workerd.capnp"), join(project, "workerd.capnp"));
}

function line({ id, runtime, figures, why }: Contest): string {
  const all = Object.entries(figures).map(([name, figure]) => `${name} ${Math.round(figure)}`);
  return `${id.padEnd(16)} ${runtime.padEnd(20)} ${why ?? all.join(" · ")}`;
}
