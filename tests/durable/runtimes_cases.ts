/** The cases of engine_cases.ts without `Deno.test`, for runtimes_test.ts: `runtimes_cases.js <kind> <url>`. */
import * as bullmq from "bullmq";
import { Redis } from "ioredis";
import { PgBoss } from "pg-boss";
import { bullmqEngine } from "@taskscope/taskscope/durable/bullmq";
import { pgBossEngine } from "@taskscope/taskscope/durable/pg-boss";
import { engineCases, type EngineUnderTest, EVERYTHING } from "./engine_cases.ts";

interface Process {
  readonly argv: readonly string[];
  readonly version: string;
}

const { process } = globalThis as unknown as { process: Process };
const [kind = "", url = ""] = process.argv.slice(2);
const run = crypto.randomUUID();
let queues = 0;

/** On a queue of its own; several processes share the server. */
async function make(): Promise<EngineUnderTest> {
  const queue = `${run}-${++queues}`;
  if (kind === "pg-boss") {
    const boss = new PgBoss({ connectionString: url, max: 3, supervise: false, schedule: false });
    boss.on("error", console.error);
    await boss.start();
    return { engine: pgBossEngine(boss, { queue, poll: 50 }), close: () => boss.stop({ graceful: false }) };
  }
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const engine = bullmqEngine(queue, { bullmq, connection });
  return {
    engine,
    async close() {
      await engine.close();
      await connection.quit();
    },
  };
}

const timing = { lease: 1_000, delay: 100, early: 5, patience: 20_000 };

let passed = 0;
for (const { name, run } of engineCases) {
  const made = await make();
  try {
    await run({ ...made, capabilities: EVERYTHING, timing });
    passed++;
  } catch (error) {
    console.log(`failed: ${name}:`, error);
  }
  await made.close();
}
console.log(`${passed} of ${engineCases.length} passed`); // and then it ends by itself: nothing keeps it alive
