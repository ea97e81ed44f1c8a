/** Runs the cases on a runtime without a test runner, and prints their counts last. */
import { cases } from "./cases.ts";

const total = { passed: 0, failed: 0 };
for (const [name, run] of Object.entries(cases)) {
  try {
    await run();
    total.passed++;
  } catch (error) {
    total.failed++;
    console.log(`${name}:`, error);
  }
}
console.log(JSON.stringify(total));
