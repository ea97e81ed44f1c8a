/**
 * Work that outlives a deploy, on Node with pg-boss: it is handed to PostgreSQL with its deadline, and a worker runs it, here
 * in the same process. Needs `DATABASE_URL`, such as postgres://localhost/app.
 */
import { assertEquals } from "@std/assert";
import process from "node:process";
import { TaskScope } from "@taskscope/taskscope";
import { cancelTask, defineTask, worker } from "@taskscope/taskscope/durable";
import { pgBossEngine } from "@taskscope/taskscope/durable/pg-boss";
import { PgBoss } from "pg-boss";
import { z } from "zod";

const charges: string[] = [];
const report = defineTask("report", z.object({ month: z.int().min(1).max(12) }), async (scope, { month }, run) => {
  await run.once("charge", () => void charges.push(run.key)); // not again when the rest is
  await scope.sleep(20);
  if (run.attempt === 1) throw new Error("the printer is busy");
  return `${month}.pdf`;
}, { minTimeout: 50 });

async function main(url: string): Promise<void> {
  const boss = new PgBoss(url);
  boss.on("error", console.error);
  await boss.start();
  const engine = pgBossEngine(boss, { queue: "reports", poll: 100 });

  // In a request handler; what is thrown before it is accepted, its client hears.
  const [wanted, unwanted] = await TaskScope.run(async (scope) => {
    const options = { engine, deadline: { minutes: 10 } };
    const handles = [
      scope.handoff(report, { month: 5 }, options),
      scope.handoff(report, { month: 6 }, options),
    ] as const;
    await Promise.all(handles.map(({ accepted }) => accepted));
    return handles;
  });
  console.log("canceled before its start:", await cancelTask(engine, await unwanted.id));

  // In a worker process; on SIGTERM, it gives back what it cannot finish.
  const running = worker([report], engine, {
    concurrency: 4,
    grace: 8_000,
    onRetry: ({ error }) => console.log(`${error}`),
  });
  const { state, result, attempt } = await TaskScope.run((scope) => wanted.outcome(scope), {
    deadline: { seconds: 20 },
  });
  console.log(`${state} in attempt ${attempt}: ${result}`);

  await running.stop();
  await boss.stop({ graceful: false });
  assertEquals([state, result, charges.length], ["succeeded", "5.pdf", 1]);
}

const { DATABASE_URL } = process.env;
if (DATABASE_URL) await main(DATABASE_URL);
else console.log("Set DATABASE_URL to the address of a PostgreSQL to run this example.");
