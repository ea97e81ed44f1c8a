/**
 * Runs every test on every runtime.
 *
 * ```sh
 * deno task test                # all legs
 * deno task test unit workerd   # those whose name contains one of the words
 * ```
 */
import { adoption } from "./legs/adoption.ts";
import { bundleSize } from "./legs/bundle_size.ts";
import { conformance } from "./legs/conformance.ts";
import { denoTests } from "./legs/deno_tests.ts";
import { entrySizes } from "./legs/entry_sizes.ts";
import { dependencies } from "./legs/dependencies.ts";
import { editor } from "./legs/editor.ts";
import { http } from "./legs/http.ts";
import { httpTypes } from "./legs/http_types.ts";
import { memory } from "./legs/memory.ts";
import { npmContents } from "./legs/npm_contents.ts";
import { npmLint } from "./legs/npm_lint.ts";
import { npmPackageLegs } from "./legs/npm_package.ts";
import { npmSideEffects } from "./legs/npm_side_effects.ts";
import { otel } from "./legs/otel.ts";
import { randomWalk } from "./legs/random_walk.ts";
import { soak } from "./legs/soak.ts";
import { simulatedHost } from "./legs/simulated_host.ts";
import { sseSoak } from "./legs/sse_soak.ts";
import { typeTests } from "./legs/type_tests.ts";
import { runMain } from "./lib/failure.ts";
import { type Ground, ground } from "./lib/ground.ts";
import { chooseLegs, closingLine, type Leg, runLegs } from "./lib/leg.ts";
import { prefetch } from "./lib/prefetch.ts";
import { runtimes } from "./runtimes.ts";
import { stdEnv } from "./std.ts";

/** For two cores: a leg is a process that waits for timers, leases and other processes for a third of its time. */
const AT_ONCE = 3;

/** The longest first: what is short fills the gaps at the end. */
function allLegs(ground: Ground): Leg[] {
  const { unit, operations, durable, uploadPage, inspectorPage, conformance: onDeno, docs, coverage } = denoTests(
    ground,
  );
  return [
    durable,
    unit,
    ...npmPackageLegs(ground),
    ...npmLint(ground),
    npmContents(ground),
    npmSideEffects(ground),
    dependencies(ground),
    operations,
    adoption(ground),
    docs,
    ...soak(ground),
    inspectorPage,
    sseSoak(ground),
    onDeno,
    ...conformance(ground),
    ...randomWalk(ground),
    ...memory(ground),
    uploadPage,
    ...simulatedHost(ground),
    typeTests(ground),
    ...editor(ground),
    ...http(ground),
    ...otel(ground),
    ...httpTypes(ground),
    coverage,
    bundleSize(ground),
    entrySizes(ground),
  ];
}

await runMain(async () => {
  const started = performance.now();
  const env = await stdEnv();
  const [installed] = await Promise.all([runtimes(), prefetch(env)]);
  const source = env.JSR_URL.startsWith("file:") ? "npm" : env.JSR_URL;
  const labels = Object.values(installed).map(({ label }) => label).join(", ");
  console.log(`Deno ${Deno.version.deno}, ${labels}; @std from ${source}\n`);

  const scratch = await Deno.makeTempDir({ prefix: "taskscope-test-" });
  try {
    const legs = allLegs(ground({ env, runtimes: installed, scratch }));
    const chosen = chooseLegs(legs, Deno.args);
    const total = await runLegs(chosen, AT_ONCE);
    const seconds = Math.round((performance.now() - started) / 1_000);
    console.log(`\n${chosen.length} legs in ${seconds} s`);
    console.log(closingLine(total));
    return total.failed > 0 ? 1 : 0;
  } finally {
    await Deno.remove(scratch, { recursive: true }).catch(() => {});
  }
});
