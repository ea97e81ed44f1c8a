/** BullMQ for open_engine.ts. */
import * as bullmq from "bullmq";
import { Redis } from "ioredis";
import { bullmqEngine } from "../../src/durable/bullmq.ts";
import type { OpenEngine } from "./open_engine.ts";

export function openBullmq(url: string, onError: (error: unknown) => void, queue: string): OpenEngine {
  const connection = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  connection.on("error", onError);
  const engine = bullmqEngine(queue, { bullmq, connection });
  return {
    engine,
    async pending() {
      const name = (state: string) => `bull:${queue}:${state}`;
      const counts = await connection.multi() // at one moment: none is missed on its way from one to the other
        .llen(name("wait")).llen(name("active")).llen(name("paused"))
        .zcard(name("delayed")).zcard(name("prioritized"))
        .exec();
      return (counts ?? []).reduce((sum, [, count]) => sum + Number(count), 0);
    },
    async close() {
      await engine.close();
      connection.disconnect();
    },
  };
}
