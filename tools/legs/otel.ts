import { bundle } from "../lib/bundle.ts";
import { command } from "../lib/command.ts";
import type { Ground } from "../lib/ground.ts";
import type { Leg } from "../lib/leg.ts";
import { join } from "../lib/path.ts";
import type { Runtime } from "../runtimes.ts";

/** The npm package beside a real SDK, both as installed: tests/otel/cases.ts, which the unit tests run on Deno. */
export function otel(ground: Ground): Leg[] {
  const { node22, node24, bun } = ground.runtimes;
  return [node22, node24, bun].map((runtime) => ({
    name: `OpenTelemetry, ${runtime.label}`,
    run: () => runCases(ground, runtime),
  }));
}

async function runCases({ env, project }: Ground, { label, path }: Runtime) {
  const folder = await project();
  const script = join(folder, `otel_${label.replaceAll(/[^\w.]+/g, "_")}.mjs`);
  const external = ["node:*", "@opentelemetry/*", "@taskscope/*"].map((name) => `--external=${name}`);
  await bundle(env, [...external, "--output", script, "tests/otel/run_cases.ts"]);
  const { code, stdout, output } = await command(path, [script], { cwd: folder, timeout: 60 });
  const counts = stdout.match(/^\{"passed":(\d+),"failed":(\d+)\}$/m);
  const passed = Number(counts?.[1] ?? 0);
  const failed = Number(counts?.[2] ?? 0);
  return { passed, failed: (code !== 0 || passed === 0) && failed === 0 ? 1 : failed, output };
}
