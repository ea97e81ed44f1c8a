import { bundle } from "../lib/bundle.ts";
import { command, type CommandResult, ROOT } from "../lib/command.ts";
import { type Ground, once } from "../lib/ground.ts";
import type { Leg, Outcome } from "../lib/leg.ts";
import { join } from "../lib/path.ts";
import type { Runtime } from "../runtimes.ts";

/** The npm package beside a real SDK, both as installed: tests/otel/cases.ts, which the unit tests run on Deno. */
export function otel(ground: Ground): Leg[] {
  const { node22, node24, bun, workerd } = ground.runtimes;
  const worker = once(() => bundleForWorkerd(ground));
  return [
    ...[node22, node24, bun].map((runtime) => ({
      name: `OpenTelemetry, ${runtime.label}`,
      run: () => runCases(ground, runtime),
    })),
    ...[["node", ""], ["plain", " without Node APIs"]].map(([service = "", suffix]) => ({
      name: `OpenTelemetry without an SDK, ${workerd.label}${suffix}`,
      async run() {
        const cwd = await worker();
        return read(await command(workerd.path, ["test", "workerd.capnp", service], { cwd, timeout: 60 }));
      },
    })),
  ];
}

async function runCases({ env, project }: Ground, { label, path }: Runtime): Promise<Outcome> {
  const folder = await project();
  const script = join(folder, `otel_${label.replaceAll(/[^\w.]+/g, "_")}.mjs`);
  const external = ["node:*", "@opentelemetry/*", "@taskscope/*"].map((name) => `--external=${name}`);
  await bundle(env, [...external, "--output", script, "tests/otel/run_cases.ts"]);
  return read(await command(path, [script], { cwd: folder, timeout: 60 }));
}

async function bundleForWorkerd({ env, scratch }: Ground): Promise<string> {
  const folder = join(scratch, "workerd_otel");
  await Deno.mkdir(folder);
  await bundle(env, ["--output", join(folder, "worker.js"), "tests/otel/worker.ts"]);
  await Deno.copyFile(join(ROOT, "tests/otel/workerd.capnp"), join(folder, "workerd.capnp"));
  return folder;
}

function read({ code, stdout, output }: CommandResult): Outcome {
  const counts = stdout.match(/^\{"passed":(\d+),"failed":(\d+)\}$/m);
  const passed = Number(counts?.[1] ?? 0);
  const failed = Number(counts?.[2] ?? 0);
  return { passed, failed: (code !== 0 || passed === 0) && failed === 0 ? 1 : failed, output };
}
