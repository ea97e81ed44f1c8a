/**
 * Runs the conformance suite where there is no `Deno.test`: Node and Bun call {@linkcode main}, `workerd test` calls
 * `test()` of the default export. The last line printed is the counts as JSON.
 */
import type { Case } from "./case.ts";
import { collect } from "./collect.ts";
import { runCase, watchStrayErrors } from "./run_case.ts";

/** Runs the cases; leaves the end to the runtime, so that a forgotten timer keeps the process alive and is noticed. */
export async function main(cases: readonly Case[] = collect()): Promise<void> {
  const { process } = globalThis as { process?: { exitCode?: number } };
  if (await runAll(cases) > 0 && process) process.exitCode = 1;
}

export default {
  async test(): Promise<void> {
    const failed = await runAll(collect());
    if (failed > 0) throw new Error(`${failed} conformance cases failed`);
  },
};

/** Returns how many cases failed. */
async function runAll(cases: readonly Case[]): Promise<number> {
  watchStrayErrors();
  const summary = { passed: 0, failed: 0 };
  for (const one of cases) {
    const errors = await runCase(one);
    summary[errors.length === 0 ? "passed" : "failed"]++;
    for (const error of errors) {
      console.log(`FAILED ${one.name}\n${show(error)}`);
    }
  }
  console.log(JSON.stringify(summary));
  return summary.failed;
}

function show(error: unknown): string {
  if (!(error instanceof Error)) return `  threw ${String(error)}`;
  const cause = error.cause === undefined ? "" : `\n  caused by ${show(error.cause)}`;
  // V8 starts a stack with the message, JavaScriptCore does not.
  const stack = error.stack ?? "";
  const text = stack.includes(error.message) ? stack : `${error}\n${stack}`;
  return `  ${text.replaceAll("\n", "\n  ")}${cause}`;
}
