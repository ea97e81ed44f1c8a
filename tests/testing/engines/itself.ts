/** SimulatedHost itself, in real time, where users' tests run: on Node and Bun. */
import { differences, wait } from "../scenario.ts";
import { scenariosOf } from "../scenarios.ts";
import { simulate } from "../simulated_scenarios.ts";
import { exitWith, watchRejections } from "./node_process.ts";

watchRejections();
const counts = { passed: 0, failed: 0 };
for (const scenario of scenariosOf("cloudflare")) {
  const problem = differences(scenario, "cloudflare", await simulate(scenario, "cloudflare", wait));
  counts[problem === undefined ? "passed" : "failed"]++;
  if (problem !== undefined) console.log(`FAILED ${problem}`);
}
console.log(JSON.stringify(counts));
exitWith(counts.failed);
