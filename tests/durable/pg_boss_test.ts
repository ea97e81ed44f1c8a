/** pg-boss on a real PostgreSQL. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { PgBoss } from "pg-boss";
import type { Consumption, Engine } from "../../src/durable/engine.ts";
import { pgBossEngine, type PgBossLike } from "../../src/durable/pg_boss.ts";
import { postgresMissing, startPostgres } from "../../tools/servers/postgres.ts";
import { type EngineTiming, EVERYTHING, Inbox, testEngine } from "./engine_cases.ts";
import { failingReceiver, manyDead } from "./open_engine_cases.ts";

/** A process of its own, as far as the database can tell. */
function process(boss: PgBoss): PgBossLike & { crash(): void } {
  let isCrashed = false;
  const db: ReturnType<PgBossLike["getDb"]> = boss.getDb();
  const refuse = () => Promise.reject(new Error("The process has crashed"));
  return {
    createQueue: (name, options) => boss.createQueue(name, options),
    send: (name, data, options) => boss.send(name, data, options),
    fetch: (name, options) => isCrashed ? refuse() : boss.fetch(name, options),
    getDb: () => ({
      executeSql: (text, values) => isCrashed ? refuse() : db.executeSql(text, values),
      listen: (channel, ...listeners) => db.listen?.(channel, ...listeners) ?? refuse(),
    }),
    crash: () => isCrashed = true,
  };
}

const TIMING: EngineTiming = { lease: 1_000, delay: 100, early: 5, patience: 15_000 };
const missing = postgresMissing();
if (missing) Deno.test({ name: `pg-boss: skipped, ${missing}`, ignore: true, fn() {} });
else {
  const server = await startPostgres();
  let queues = 0;
  const start = async () => {
    const boss = new PgBoss({ connectionString: server.url, max: 4, supervise: false, schedule: false });
    boss.on("error", (error) => console.error(error));
    return await boss.start();
  };
  testEngine("pg-boss", {
    async make() {
      const boss = await start();
      const options = { queue: `q${++queues}`, poll: 50 };
      const engine = pgBossEngine(boss, options);
      let worker = process(boss);
      const consumptions: Consumption[] = [];
      engine.consume = async (...args: Parameters<NonNullable<Engine["consume"]>>) => {
        const consumption = await pgBossEngine(worker, options).consume(...args);
        consumptions.push(consumption);
        return consumption;
      };
      return {
        engine,
        crash() {
          worker.crash();
          worker = process(boss);
        },
        async close() {
          await Promise.all(consumptions.map((consumption) => consumption.stop()));
          await boss.stop({ graceful: false });
        },
      };
    },
    capabilities: EVERYTHING,
    timing: TIMING,
  });

  Deno.test("pg-boss: an idle worker of another process that listens is woken by what comes in", async () => {
    const [producer, consumer] = await Promise.all([start(), start()]);
    const options = { queue: "listening", poll: 3_600_000, listen: true };
    const inbox = await Inbox.open(pgBossEngine(consumer, options), TIMING);
    for (const body of ["one", "two"]) {
      await pgBossEngine(producer, options).enqueue({ key: body, body, deadline: new Date(Date.now() + 60_000) });
      assertEquals((await inbox.finish()).body, body);
    }
    await inbox.stop();
    await Promise.all([producer, consumer].map((boss) => boss.stop({ graceful: false })));
  });

  Deno.test("pg-boss: its own maintenance agrees with the leases, and frees what lost one", async () => {
    const boss = await start();
    const engine = pgBossEngine(boss, { queue: "maintained", poll: 50 });
    const id = await engine.enqueue({ key: "a", body: "a", deadline: new Date(Date.now() + 60_000) });
    const inbox = await Inbox.open(engine, TIMING, 1, 86_400_000);
    const { verdict } = await inbox.next();
    await boss.supervise("maintained");
    assertEquals((await boss.findJobs("maintained", { id }))[0]?.state, "active");
    await boss.getDb().executeSql("update pgboss.job set heartbeat_on = now() - interval '2 days' where id = $1", [id]);
    await boss.getDb().executeSql("update pgboss.queue set monitor_on = null, monitor_claim_on = null");
    await boss.supervise("maintained");
    verdict({ kind: "done" }); // too late
    assertEquals((await inbox.finish()).attempt, 2);
    await inbox.stop();
    assertEquals((await boss.findJobs("maintained", { id }))[0]?.state, "completed");
    await boss.stop({ graceful: false });
  });
  Deno.test("pg-boss: what a worker took and died before it had a lease is free a lease later", async () => {
    const boss = await start();
    const engine = pgBossEngine(boss, { queue: "unleased", poll: 50 });
    const id = await engine.enqueue({ key: "a", body: "a", deadline: new Date(Date.now() + 60_000) });
    assertEquals((await boss.fetch("unleased")).map((job) => job.id), [id]);
    const inbox = await Inbox.open(engine, TIMING, 1, TIMING.lease);
    assertEquals((await inbox.finish()).attempt, 2);
    await inbox.stop();
    await boss.stop({ graceful: false });
  });

  Deno.test("pg-boss: dead letters may be many, and a receiver that fails is told, and given the message again", async () => {
    const boss = await start();
    const engine = pgBossEngine(boss, { queue: "failing", poll: 50 });
    await manyDead(engine, 60_000); // which does not keep others from looking after shorter ones
    await failingReceiver(engine);
    await boss.stop({ graceful: false });
  });

  Deno.test("pg-boss: keys of records may be long and have any character", async () => {
    const boss = await start();
    const { records } = pgBossEngine(boss);
    for (const key of ["x".repeat(5_000), "a\0b", "☃"]) {
      assertEquals(await records.set(key, key.slice(0, 1), 60_000, true), true);
      assertEquals(await records.get(key), key.slice(0, 1));
      await records.delete(key);
      assertEquals(await records.get(key), undefined);
    }
    await boss.stop({ graceful: false });
  });

  Deno.test("pg-boss: what cannot be set up is tried again", async () => {
    const boss = await start();
    let isDown = true;
    const db: ReturnType<PgBossLike["getDb"]> = boss.getDb();
    const refuse = () => Promise.reject(new Error("down"));
    const engine = pgBossEngine({
      createQueue: (name, options) => isDown ? refuse() : boss.createQueue(name, options),
      send: (name, data, options) => boss.send(name, data, options),
      fetch: (name, options) => boss.fetch(name, options),
      getDb: () => isDown ? { executeSql: refuse } : db,
    }, { queue: "down" });
    const message = { key: "a", body: "a", deadline: new Date(Date.now() + 60_000) };
    await assertRejects(() => engine.enqueue(message), Error, "down");
    await assertRejects(() => engine.records.get("a"), Error, "down");
    isDown = false;
    await engine.enqueue(message);
    assertEquals(await engine.records.get("a"), undefined);
    await boss.stop({ graceful: false });
  });

  Deno.test("pg-boss: what goes wrong with the connection is told, and then it goes on", async () => {
    const server = await startPostgres({ durable: true });
    const boss = new PgBoss({ connectionString: server.url, max: 4, supervise: false, schedule: false });
    boss.on("error", () => {});
    await boss.start();
    const engine = pgBossEngine(boss, { poll: 50 });
    const inbox = await Inbox.open(engine, TIMING, 1, 60_000);
    const deadline = new Date(Date.now() + 60_000);
    await engine.enqueue({ key: "a", body: "a", deadline });
    const { verdict } = await inbox.next();
    await server.restart(async () => {
      verdict({ kind: "done" }); // it is said again when there is a server
      while (inbox.errors.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    });
    await engine.enqueue({ key: "b", body: "b", deadline });
    assertEquals((await inbox.finish()).body, "b");
    await inbox.stop();
    assertEquals(inbox.all.length, 2);
    await boss.stop({ graceful: false });
    await server.stop();
  });

  Deno.test({
    name: "pg-boss: the server ends",
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () => server.stop(),
  });
}

Deno.test("pgBossEngine() refuses what cannot be", () => {
  const boss = new PgBoss("postgres://127.0.0.1:1/none");
  assertThrows(() => pgBossEngine({} as never), TypeError, "an instance of pg-boss");
  assertThrows(() => pgBossEngine(boss, { queue: "a b" }), TypeError, "queue");
  assertThrows(() => pgBossEngine(boss, { schema: "a.b" }), TypeError, "schema");
  assertThrows(() => pgBossEngine(boss, { poll: 0 }), RangeError, "poll");
  assertThrows(() => pgBossEngine(boss, { remember: 0 }), RangeError, "remember");
  assertThrows(() => pgBossEngine(boss, { listen: 1 as never }), TypeError, "listen");
  assertThrows(() => pgBossEngine(boss, { other: 1 } as never), TypeError, "other");
});
