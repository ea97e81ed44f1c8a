import { command, ROOT } from "../lib/command.ts";
import { type Ground, once } from "../lib/ground.ts";
import { readSuites } from "../lib/junit.ts";
import { type Leg, type Outcome, verdict } from "../lib/leg.ts";
import { markdownFiles } from "../lib/markdown.ts";
import { join } from "../lib/path.ts";
import { INSPECTOR_PAGE, inspectorPageNote } from "./inspector_page.ts";
import { missingServers, OPERATIONS } from "./operations.ts";
import { UPLOAD_PAGE, uploadPageNote } from "./upload_page.ts";
import { pathToFileURL } from "node:url";

/** Where the tests of durable hand-off are: a leg of their own, as they start servers and processes. */
const DURABLE = "tests/durable/";

/** Unit tests, operations, durable hand-off, conformance on Deno, doc tests, and the branch coverage of all but these. */
export function denoTests(
  ground: Ground,
): Record<
  "unit" | "operations" | "durable" | "uploadPage" | "inspectorPage" | "conformance" | "docs" | "coverage",
  Leg
> {
  const profile = join(ground.scratch, "coverage");
  const covered = [`--coverage=${profile}`, "--coverage-raw-data-only"];
  const unit = once(() =>
    denoTest(ground, "unit", [
      ...covered,
      `--ignore=tests/conformance,${OPERATIONS},${DURABLE},${UPLOAD_PAGE},${INSPECTOR_PAGE}`,
      "tests/",
    ])
  );
  const operations = once(() => denoTest(ground, "operations", [...covered, OPERATIONS]));
  const durable = once(() => denoTest(ground, "durable", [...covered, DURABLE]));
  const conformance = once(() => denoTest(ground, "conformance", [...covered, "tests/conformance/"]));
  return {
    unit: { name: "unit tests", run: unit },
    operations: {
      name: "operations on real stores",
      run: async () => ({ note: missingServers(), ...await operations() }),
    },
    durable: {
      name: "durable hand-off on real engines",
      run: async () => ({ note: missingServers(), ...await durable() }),
    },
    uploadPage: {
      name: "upload page in a browser",
      run: async () => ({ note: uploadPageNote(), ...await denoTest(ground, "upload_page", [UPLOAD_PAGE]) }),
    },
    inspectorPage: {
      name: "live page in a browser",
      run: async () => ({ note: inspectorPageNote(), ...await denoTest(ground, "inspector_page", [INSPECTOR_PAGE]) }),
    },
    conformance: {
      name: `conformance, Deno ${Deno.version.deno}`,
      run: conformance,
    },
    docs: {
      name: "examples in JSDoc, README and docs",
      run: () => denoTest(ground, "docs", ["--doc", "mod.ts", "src/", ...markdownFiles()]),
    },
    coverage: {
      name: "branch coverage of src",
      async run(): Promise<Outcome> {
        await Promise.allSettled([unit(), operations(), durable(), conformance()]);
        return await measure(profile);
      },
    },
  };
}

async function denoTest(
  { env, scratch }: Ground,
  id: string,
  args: string[],
): Promise<Outcome> {
  const report = join(scratch, `${id}.xml`);
  const { code, output } = await command(Deno.execPath(), [
    "test",
    "-A",
    "--no-check", // deno task check has done that, of all files and blocks at once
    "--quiet",
    "--reporter=dot",
    `--junit-path=${report}`,
    ...args,
  ], { env });
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const suite of await readSuites(report)) {
    total.passed += suite.passed;
    total.failed += suite.failed;
    total.skipped += suite.skipped;
  }
  // An error outside of any test is not in the report.
  if (code !== 0 && total.failed === 0) total.failed = 1;
  const errors = output.indexOf(" ERRORS ");
  return { ...total, output: output.slice(Math.max(errors, 0)) };
}

/** The threshold is in deno.json. */
async function measure(profile: string): Promise<Outcome> {
  const { code, output } = await command(Deno.execPath(), [
    "coverage",
    `--include=^${escapeRegExp(`${pathToFileURL(ROOT)}src/`)}`,
    profile,
  ]);
  const branches = output.match(/^\|\s*All files\s*\|\s*([\d.]+)\s*\|/m)?.[1];
  return verdict(code === 0 && branches !== undefined, {
    note: branches === undefined ? "no data" : `${branches} % of branches`,
    output,
  });
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
