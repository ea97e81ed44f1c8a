/**
 * Work that does not fit the request's host, on Bun with BullMQ: what fits runs here, and the rest is handed to Redis, with
 * the same deadline and context. Needs `REDIS_URL`, such as redis://127.0.0.1:6379, of a Redis that evicts nothing.
 */
import { assertEquals } from "@std/assert";
import process from "node:process";
import { contextKey, type Lifetime, processLifetime, TaskScope } from "@taskscope/taskscope";
import { defineTask, handoffTo, transferable, worker } from "@taskscope/taskscope/durable";
import { bullmqEngine } from "@taskscope/taskscope/durable/bullmq";
import * as bullmq from "bullmq";
import { Redis } from "ioredis";
import { z } from "zod";

const Tenant = contextKey<string>("tenant");
const tenant = transferable(Tenant, { schema: z.string() });
const thumbnails = defineTask("thumbnails", z.object({ video: z.string() }), async (scope, { video }) => {
  await scope.sleep(20);
  return `${scope.get(Tenant)}/${video}.png`;
}, { context: [tenant] });

async function main(url: string): Promise<void> {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const engine = bullmqEngine("videos", { bullmq, connection });

  // In a request handler of a host that allows 30 seconds after the response.
  const lifetime: Lifetime = {
    deadline: new Date(Date.now() + 30_000),
    waitUntil: (work) => processLifetime().waitUntil(work),
  };
  const handles = await TaskScope.run(async (scope) => {
    const short = scope.spawnDetached(thumbnails, { video: "short" }, {
      deadline: { seconds: 20 },
      onExceed: "handoff",
    });
    const long = scope.spawnDetached(thumbnails, { video: "long" }, { deadline: { minutes: 10 }, onExceed: "handoff" });
    console.log(`short: ${short.where}, long: ${long.where}`);
    if (long.where === "handed-off") await long.accepted;
    return [short, long] as const;
  }, { lifetime, context: [handoffTo(engine), Tenant.with("ada")] });

  // In a worker process.
  const running = worker([thumbnails], engine, { concurrency: 4 });
  const [short, long] = handles;
  const local = short.where === "local" ? await short : undefined;
  const remote = long.where === "handed-off" ? await TaskScope.run((scope) => long.outcome(scope)) : undefined;
  console.log(local, remote?.state, remote?.result);

  await running.stop();
  await engine.close();
  await connection.quit();
  assertEquals([local, remote?.result], ["ada/short.png", "ada/long.png"]);
}

const { REDIS_URL } = process.env;
if (REDIS_URL) await main(REDIS_URL);
else console.log("Set REDIS_URL to the address of a Redis to run this example.");
