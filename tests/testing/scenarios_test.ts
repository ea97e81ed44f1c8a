/** The scenarios on simulated hosts; `tools/legs/simulated_host.ts` runs the same ones on the real engines. */
import { setImmediate } from "node:timers";
import { FakeTime } from "@std/testing/time";
import { differences, type HostKey, wait } from "./scenario.ts";
import { scenariosOf } from "./scenarios.ts";
import { simulate } from "./simulated_scenarios.ts";

const keys: HostKey[] = [
  ...["cloudflare", "cloudflareWithoutSignal", "deno", "denoNoLegacyAbort"] as const,
  ...["bun", "nodeHono", "nodeSrvx", "nodeWhatwg", "vercelEdge"] as const,
];

for (const key of keys) {
  Deno.test(`the scenarios, on a simulated ${key}`, async (t) => {
    for (const scenario of scenariosOf(key)) {
      await t.step(scenario.name, async () => {
        using time = new FakeTime();
        let isOver = false;
        const lines = simulate(scenario, key, wait).finally(() => isOver = true);
        while (!isOver) {
          time.tick(5);
          await new Promise((resolve) => setImmediate(resolve)); // FakeTime leaves it alone
        }
        const problem = differences(scenario, key, await lines);
        if (problem !== undefined) throw new Error(problem);
      });
    }
  });
}
