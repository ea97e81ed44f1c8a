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
      const lists = await Promise.all(
        ["wait", "active", "paused"].map((name) => connection.llen(`bull:${queue}:${name}`)),
      );
      const sets = await Promise.all(
        ["delayed", "prioritized"].map((name) => connection.zcard(`bull:${queue}:${name}`)),
      );
      return [...lists, ...sets].reduce((sum, count) => sum + count);
    },
    async close() {
      await engine.close();
      connection.disconnect();
    },
  };
}
