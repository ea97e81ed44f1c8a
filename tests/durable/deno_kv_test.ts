/** The queue in Deno KV, on a real file. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { denoKvEngine, type KvAtomicLike, type KvQueueLike } from "../../src/durable/deno_kv.ts";
import type { Consumption, Delivery, Message, Verdict } from "../../src/durable/engine.ts";
import { EVERYTHING, testEngine } from "./engine_cases.ts";

/** A connection that can be cut: nothing reaches the file any more. Real kills are in chaos_test.ts. */
function mortal(kv: Deno.Kv): { kv: KvQueueLike; kill(): void } {
  let isDead = false;
  const alive = () => {
    if (isDead) throw new Error("killed");
    return kv;
  };
  return {
    kv: {
      get: (key) => alive().get(key),
      list: (selector, options) => alive().list(selector, options),
      watch: (keys) => alive().watch(keys),
      atomic: () => alive().atomic() as unknown as KvAtomicLike,
    },
    kill() {
      isDead = true;
    },
  };
}

testEngine("deno-kv", {
  async make() {
    const folder = await Deno.makeTempDir({ prefix: "taskscope-queue-" });
    const kv = await Deno.openKv(`${folder}/kv`);
    const engine = denoKvEngine(kv, { poll: 50 });
    const crashed: Consumption[] = [];
    let worker = mortal(kv);
    return {
      engine: {
        ...engine,
        async consume(receive, options) {
          const consumption = await denoKvEngine(worker.kv, { poll: 50 }).consume(receive, options);
          crashed.push(consumption);
          return consumption;
        },
      },
      crash() {
        worker.kill();
        worker = mortal(kv);
      },
      async close() {
        await Promise.all(crashed.map((each) => each.stop()));
        kv.close();
        await Deno.remove(folder, { recursive: true });
      },
    };
  },
  capabilities: { ...EVERYTHING, waited: false },
  timing: { lease: 200, delay: 50 },
});

/** Something that ends by itself, or fails the test. */
async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what}`)), 10_000);
  });
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const LONG = { concurrency: 1, lease: 60_000, onError: console.error };
const DONE: Verdict = { kind: "done" };

function message(key: string, ms = 60_000): Message {
  return { key, body: `body of ${key}`, deadline: new Date(Date.now() + ms) };
}

/** All keys of a queue, without what tells of new messages. */
async function keysOf(kv: Deno.Kv, prefix = "taskscope-queue"): Promise<string[]> {
  const entries = await Array.fromAsync(kv.list({ prefix: [prefix] }));
  return entries.map(({ key }) => key.slice(1).join("/")).filter((key) => key !== "signal");
}

Deno.test("denoKvEngine: a waiting worker is woken in the same process, also by another connection to the file", async () => {
  const folder = await Deno.makeTempDir({ prefix: "taskscope-queue-" });
  const [kv, other] = [await Deno.openKv(`${folder}/kv`), await Deno.openKv(`${folder}/kv`)];
  const gate = Promise.withResolvers<string>();
  const consumption = await denoKvEngine(kv, { poll: 3_600_000 }).consume(({ body }) => {
    gate.resolve(body);
    return Promise.resolve(DONE);
  }, LONG);
  await denoKvEngine(other).enqueue(message("a"));
  assertEquals(await within(gate.promise, "delivery"), "body of a");
  await consumption.stop();
  kv.close();
  other.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("denoKvEngine: a worker is woken for what is given back by another", async () => {
  const kv = await Deno.openKv(":memory:");
  const engine = denoKvEngine(kv, { poll: 3_600_000 });
  await engine.enqueue(message("a"));
  const taken = Promise.withResolvers<void>();
  const verdict = Promise.withResolvers<Verdict>();
  const first = await engine.consume(() => (taken.resolve(), verdict.promise), LONG);
  await within(taken.promise, "delivery");
  const again = Promise.withResolvers<number>();
  const second = await engine.consume(({ attempt }) => {
    again.resolve(attempt);
    return Promise.resolve(DONE);
  }, LONG);
  const stopping = first.stop();
  verdict.resolve({ kind: "give-back" });
  await stopping;
  assertEquals(await within(again.promise, "second delivery"), 1);
  await second.stop();
  kv.close();
});

Deno.test("denoKvEngine: what has ended leaves nothing but its key, and that only until a minute after its deadline", async () => {
  const kv = await Deno.openKv(":memory:");
  const engine = denoKvEngine(kv);
  const ends = ["done", "dead", "late"].map((key) => [key, Promise.withResolvers<void>()] as const);
  const gates = new Map(ends);
  for (const [key] of ends) await engine.enqueue(message(key, key === "late" ? -60_000 : 60_000));
  const consumption = await engine.consume(({ id }) => {
    gates.get(id)?.resolve();
    return Promise.resolve(id === "dead" ? { kind: "dead", reason: "poison" } : DONE);
  }, LONG);
  for (const [key, { promise }] of ends) await within(promise, key);
  await consumption.stop();
  assertEquals(await keysOf(kv), ["dead/dead", "dead-body/dead", "known/dead", "known/done"]);
  assertEquals(await engine.remove("done"), false);
  kv.close();
});

Deno.test("denoKvEngine: a key that may be forgotten is taken again, also before Deno KV has removed it", async () => {
  const kv = await Deno.openKv(":memory:");
  const engine = denoKvEngine(kv);
  await kv.set(["taskscope-queue", "known", "a"], { forgetAt: Date.now() - 1 });
  await engine.enqueue(message("a"));
  assertEquals((await keysOf(kv)).filter((key) => key.startsWith("ready/")).length, 1);
  kv.close();
});

Deno.test("denoKvEngine: extend() rejects when another worker has the message, and the verdict is not heard", async () => {
  const kv = await Deno.openKv(":memory:");
  const engine = denoKvEngine(kv, { poll: 20 });
  await engine.enqueue(message("a"));
  const deliveries: Delivery[] = [];
  const second = Promise.withResolvers<void>();
  const verdicts = [Promise.withResolvers<Verdict>(), Promise.withResolvers<Verdict>()];
  const consumption = await engine.consume((delivery) => {
    if (deliveries.push(delivery) === 2) second.resolve();
    return verdicts[delivery.attempt - 1]?.promise ?? Promise.resolve(DONE);
  }, { ...LONG, concurrency: 2, lease: 100 });
  await within(second.promise, "second delivery");
  await assertRejects(() => deliveries[0]?.extend?.(100) ?? Promise.resolve(), Error, "Cannot extend the lease of a");
  await deliveries[1]?.extend?.(60_000);
  verdicts[0]?.resolve(DONE);
  verdicts[1]?.resolve({ kind: "dead", reason: "the second one counts" });
  await consumption.stop();
  const letters = await Array.fromAsync(engine.deadLetters());
  assertEquals(letters.map(({ reason }) => reason), ["the second one counts"]);
  kv.close();
});

Deno.test("denoKvEngine: queues with other prefixes do not see each other", async () => {
  const kv = await Deno.openKv(":memory:");
  const [a, b] = [denoKvEngine(kv, { prefix: "a" }), denoKvEngine(kv, { prefix: "b" })];
  await a.enqueue(message("in a"));
  await b.enqueue(message("in b"));
  const gate = Promise.withResolvers<string>();
  const consumption = await b.consume(({ id }) => (gate.resolve(id), Promise.resolve(DONE)), LONG);
  assertEquals(await within(gate.promise, "delivery"), "in b");
  await b.records.set("fact", "of b", 1_000);
  await consumption.stop();
  assertEquals([await a.remove("in a"), await a.records.get("fact")], [true, undefined]);
  kv.close();
});

Deno.test("denoKvEngine: errors of the database are told, and consuming goes on", async () => {
  const kv = await Deno.openKv(":memory:");
  let failures = 2;
  const shaky: KvQueueLike = {
    get: (key) => kv.get(key),
    list(selector, options) {
      if (failures-- > 0) throw new Error("no connection");
      return kv.list(selector, options);
    },
    watch() {
      throw new Error("cannot watch");
    },
    atomic: () => kv.atomic() as unknown as KvAtomicLike,
  };
  const engine = denoKvEngine(shaky, { poll: 10 });
  const errors: unknown[] = [];
  const gate = Promise.withResolvers<string>();
  const consumption = await engine.consume(({ id }) => (gate.resolve(id), Promise.resolve(DONE)), {
    ...{ concurrency: 1, lease: 60_000, onError: (error) => errors.push(error) },
  });
  await engine.enqueue(message("a"));
  assertEquals(await within(gate.promise, "delivery"), "a");
  await consumption.stop();
  assertEquals(`${errors}`, "Error: no connection,Error: no connection");
  kv.close();
});

Deno.test("denoKvEngine refuses options it does not know, and numbers that are out of range", async () => {
  const kv = await Deno.openKv(":memory:");
  assertThrows(() => denoKvEngine(kv, { pol: 1 } as never), TypeError, "pol");
  assertThrows(() => denoKvEngine(kv, { prefix: "" }), TypeError, "prefix");
  assertThrows(() => denoKvEngine(kv, { poll: 0 }), RangeError, "poll");
  assertThrows(() => denoKvEngine(kv, { keepDead: 0 }), RangeError, "keepDead");
  kv.close();
});

Deno.test("denoKvEngine: long and ill-formed keys have ids of their own", async () => {
  const kv = await Deno.openKv(":memory:");
  const engine = denoKvEngine(kv);
  const keys = ["short ☃", "x".repeat(2_000), "x".repeat(2_001), "\ud800", "\ud801"];
  const ids = [];
  for (const key of keys) ids.push(await engine.enqueue(message(key)));
  assertEquals(ids[0], "short ☃");
  assertEquals(new Set([...ids, await engine.enqueue(message(`${ids[1]}`))]).size, 6);
  kv.close();
});

/** A connection of which some calls are seen before they reach the database. */
function watched(kv: Deno.Kv, seen: { get?(key: readonly string[]): unknown; commit?(): void }): KvQueueLike {
  const atomic = (): KvAtomicLike => {
    const all = kv.atomic() as unknown as KvAtomicLike;
    const commit = all.commit.bind(all);
    all.commit = async () => {
      seen.commit?.();
      return await commit();
    };
    return all;
  };
  const get = async (key: readonly string[]) => {
    await seen.get?.(key);
    return await kv.get(key);
  };
  return { get, atomic, list: (selector, options) => kv.list(selector, options), watch: (keys) => kv.watch(keys) };
}

Deno.test("denoKvEngine: a file that another process writes to is waited for, other errors are told", async () => {
  const kv = await Deno.openKv(":memory:");
  const errors = ["database is locked", "database is locked", "", "no space is left"];
  const engine = denoKvEngine(watched(kv, {
    commit() {
      const message = errors.shift();
      if (message) throw new TypeError(message);
    },
  }));
  assertEquals(await engine.enqueue(message("a")), "a");
  await assertRejects(() => engine.enqueue(message("b")), TypeError, "no space is left");
  assertEquals((await keysOf(kv)).filter((key) => key.startsWith("known/")), ["known/a"]);
  kv.close();
});

Deno.test("denoKvEngine: remove() of a message that a worker takes at the same moment", async () => {
  const kv = await Deno.openKv(":memory:");
  const own = denoKvEngine(kv);
  await own.enqueue(message("a"));
  const taken = Promise.withResolvers<void>();
  const verdict = Promise.withResolvers<Verdict>();
  let consumption: Consumption | undefined;
  const other = denoKvEngine(watched(kv, {
    async get([, place]) {
      if (place !== "ready" || consumption) return;
      consumption = await own.consume(() => (taken.resolve(), verdict.promise), LONG);
      await within(taken.promise, "delivery"); // between its two looks
    },
  }));
  assertEquals(await other.remove("a"), false);
  verdict.resolve({ kind: "retry", delay: 60_000 });
  await consumption?.stop();
  assertEquals([await other.remove("a"), await other.remove("a")], [true, false]);
  kv.close();
});

Deno.test("denoKvEngine: what a worker takes while it is stopped is given back", async () => {
  const kv = await Deno.openKv(":memory:");
  const own = denoKvEngine(kv);
  const stopping = Promise.withResolvers<void>();
  const deliveries: Delivery[] = [];
  const engine = denoKvEngine(watched(kv, {
    commit() {
      stopping.resolve(consumption.stop()); // it claims the message now
    },
  }));
  const consumption = await engine.consume((delivery) => (deliveries.push(delivery), Promise.resolve(DONE)), LONG);
  await own.enqueue(message("a"));
  const again = Promise.withResolvers<number>();
  await within(stopping.promise, "stop()");
  const second = await own.consume(({ attempt }) => (again.resolve(attempt), Promise.resolve(DONE)), LONG);
  assertEquals([await within(again.promise, "delivery"), deliveries], [1, []]);
  await second.stop();
  kv.close();
});
