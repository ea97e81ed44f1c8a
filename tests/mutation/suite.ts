/**
 * The suite that mutants are tried with: the conformance cases, and the unit tests of the core that need no process of
 * their own. Started by the task `mutate`, with the core full of mutants. It prints one line of JSON for each event.
 */
import { held, met, mutant, timers, trials } from "./hold_tests.ts";
import "../builtin_test.ts";
import "../cleanup_test.ts";
import "../context_test.ts";
import "../deadline_test.ts";
import "../diagnostics_channel_test.ts";
import "../group_test.ts";
import "../lifecycle_test.ts";
import "../native_calls_test.ts";
import "../notify_test.ts";
import "../outcome_test.ts";
import "../process_lifetime_test.ts";
import "../property_test.ts";
import "../retry_test.ts";
import "../shutdown_signals_test.ts";
import "../signals_test.ts";
import "../task_scope_test.ts";
import "../tree_test.ts";
import "../validate_test.ts";
import "../waiting_test.ts";
import "../watch_test.ts";
import "../inspect/recorder_text_test.ts";
import "../inspect/recorder_late_test.ts";
import "../inspect/misuse_test.ts";
import "../inspect/recorder_test.ts";
import { collect } from "../conformance/collect.ts";
import { runCase, watchStrayErrors } from "../conformance/run_case.ts";

const cases = [...collect(), ...held];
const LONGEST_TEST = 30_000;

function print(event: object): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(event)}\n`));
}

console.error = () => {};
watchStrayErrors();
if (mutant === 0) print({ always: [...met] });

for (const [index, limit] of trials ?? cases.map((_, index): [number, number] => [index, LONGEST_TEST])) {
  const one = cases[index];
  if (!one) throw new Error(`There is no case ${index}`);
  print({ started: index, limit });
  met.clear();
  const began = performance.now();
  let [error] = await runCase(one, limit);
  if (timers.size > 0) error ??= "it leaves a timer";
  if (error !== undefined) {
    print({ failed: one.name, why: String(error instanceof Error ? error.stack : error).slice(0, 2_000) });
    if (mutant !== 0) Deno.exit(1);
  } else if (mutant === 0) {
    print({ ended: true, index, name: one.name, took: performance.now() - began, met: [...met] });
  }
}
print({ passed: true }); // and the process ends by itself, unless something was left running
