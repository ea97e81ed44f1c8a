/** BullMQ on a real Redis. */
import { assertEquals, assertThrows } from "@std/assert";
import * as bullmq from "bullmq";
import { Redis } from "ioredis";
import { bullmqEngine } from "../../src/durable/bullmq.ts";
import type { Consumption, Engine } from "../../src/durable/engine.ts";
import { redisMissing, startRedis } from "../../tools/servers/redis.ts";
import { type EngineTiming, EVERYTHING, Inbox, testEngine } from "./engine_cases.ts";
import { failingReceiver, manyDead } from "./open_engine_cases.ts";

const TIMING: EngineTiming = { lease: 1_000, delay: 100, early: 5, patience: 15_000 };
const missing = redisMissing();
if (missing) Deno.test({ name: `BullMQ: skipped, ${missing}`, ignore: true, fn() {} });
else {
  testEngine("BullMQ", {
    async make() {
      const server = await startRedis();
      const connections: Redis[] = [];
      const connect = () => {
        const connection = new Redis(server.url, { maxRetriesPerRequest: null });
        connections.push(connection);
        return bullmqEngine("tasks", { bullmq, connection });
      };
      const engine = connect();
      let worker = connect();
      const workers = [worker];
      const consumptions: Consumption[] = [];
      engine.consume = async (...args: Parameters<NonNullable<Engine["consume"]>>) => {
        const consumption = await worker.consume(...args);
        consumptions.push(consumption);
        return consumption;
      };
      return {
        engine,
        crash() {
          connections.at(-1)?.disconnect(); // nothing that it says is heard any more
          workers.push(worker = connect());
        },
        async close() {
          await Promise.all(consumptions.map((consumption) => consumption.stop()));
          await Promise.all([engine, ...workers].map((engine) => engine.close()));
          for (const connection of connections) connection.disconnect();
          await server.stop();
        },
      };
    },
    capabilities: EVERYTHING,
    timing: TIMING,
    clientTimers: true, // redis-parser shrinks its buffer at its leisure
  });

  const client = { sanitizeOps: false, sanitizeResources: false }; // redis-parser, as above

  Deno.test({
    name: "BullMQ: stop() of a worker that waits for a message does not wait for one",
    ...client,
    async fn() {
      const server = await startRedis();
      const connection = new Redis(server.url, { maxRetriesPerRequest: null });
      const engine = bullmqEngine("tasks", { bullmq, connection });
      const inbox = await Inbox.open(engine, { ...TIMING, patience: 900 });
      while (!`${await connection.client("LIST")}`.includes("cmd=bzpopmin"));
      await inbox.stop();
      await engine.close();
      connection.disconnect();
      await server.stop();
    },
  });

  Deno.test({
    name: "BullMQ: a worker that stood still for longer than its lease does not begin what another has by then",
    ...client,
    async fn() {
      const server = await startRedis();
      const connection = new Redis(server.url, { maxRetriesPerRequest: null });
      const hasTaken = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      class Slow extends bullmq.Worker {
        override async getNextJob(...args: Parameters<bullmq.Worker["getNextJob"]>) {
          const job = await super.getNextJob(...args);
          if (!job) return job;
          hasTaken.resolve();
          await goOn.promise;
          return job;
        }
      }
      const slowEngine = bullmqEngine("tasks", { bullmq: { ...bullmq, Worker: Slow }, connection });
      const engine = bullmqEngine("tasks", { bullmq, connection });
      const deadline = new Date(Date.now() + 60_000);
      const slow = await Inbox.open(slowEngine, TIMING, 1, 300);
      await engine.enqueue({ key: "a", body: "a", deadline });
      await hasTaken.promise;
      const other = await Inbox.open(engine, TIMING, 1, 4_000);
      const { delivery, verdict } = await other.next();
      assertEquals([delivery.body, delivery.attempt], ["a", 2]);
      await engine.enqueue({ key: "b", body: "b", deadline });
      goOn.resolve();
      assertEquals((await slow.finish()).body, "b");
      assertEquals(slow.errors.map((error) => `${error}`), [`Error: Cannot begin "${delivery.id}": its lease is over`]);
      verdict({ kind: "done" });
      await Promise.all([slow.stop(), other.stop()]);
      assertEquals([slow.all.length, other.all.length, other.errors], [1, 1, []]);
      await Promise.all([slowEngine.close(), engine.close()]);
      connection.disconnect();
      await server.stop();
    },
  });

  Deno.test({
    name: "BullMQ: dead letters may be many, and a receiver that fails is told, and given the message again",
    ...client,
    async fn() {
      const server = await startRedis();
      const connection = new Redis(server.url, { maxRetriesPerRequest: null });
      const engine = bullmqEngine("tasks", { bullmq, connection });
      await manyDead(engine, TIMING.lease);
      await failingReceiver(engine);
      await engine.close();
      connection.disconnect();
      await server.stop();
    },
  });

  Deno.test({
    name: "BullMQ: what goes wrong with the connection is told, and then it goes on",
    ...client,
    async fn() {
      const server = await startRedis({ durable: true });
      const connection = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
      connection.on("error", () => {});
      const engine = bullmqEngine("tasks", { bullmq, connection });
      const inbox = await Inbox.open(engine, TIMING, 1, 60_000);
      const deadline = new Date(Date.now() + 60_000);
      await engine.enqueue({ key: "a", body: "a", deadline });
      const { verdict } = await inbox.next();
      await server.restart(async () => {
        verdict({ kind: "done" }); // it is said when there is a server again
        while (inbox.errors.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      });
      await engine.enqueue({ key: "b", body: "b", deadline });
      assertEquals((await inbox.finish()).body, "b");
      assertEquals(await engine.enqueue({ key: "b", body: "b", deadline }), inbox.all[1]?.id);
      await server.restart();
      await engine.enqueue({ key: "c", body: "c", deadline });
      assertEquals((await inbox.finish()).body, "c");
      await inbox.stop();
      assertEquals(inbox.all.length, 3);
      await engine.close();
      connection.disconnect();
      await server.stop();
    },
  });
}

Deno.test("bullmqEngine() refuses what cannot be", () => {
  const connection = { duplicate() {}, defineCommand() {} };
  assertThrows(() => bullmqEngine("a:b", { bullmq, connection }), TypeError, "without colons");
  assertThrows(() => bullmqEngine("", { bullmq, connection }), TypeError, "non-empty");
  assertThrows(() => bullmqEngine("a", { bullmq, connection: {} as never }), TypeError, "a client of ioredis");
  assertThrows(() => bullmqEngine("a", { bullmq, connection, remember: -1 }), RangeError, "remember");
  assertThrows(() => bullmqEngine("a", { bullmq, connection, prefix: "" }), TypeError, "prefix");
  assertThrows(() => bullmqEngine("a", { bullmq, connection, other: 1 } as never), TypeError, "other");
  const { Queue, Worker, UnrecoverableError } = bullmq;
  const old = { Queue: class {}, Worker, UnrecoverableError };
  for (const wrong of [undefined, Queue, { Queue }, { ...old, Queue, Worker: {} }, { Queue, Worker }, old]) {
    const make = () => bullmqEngine("a", { bullmq: wrong as never, connection });
    assertThrows(make, TypeError, '6.7 or later: import * as bullmq from "bullmq", got');
  }
});
