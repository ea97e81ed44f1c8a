/** Lost races, lost processes, stores that fail, and stores that are not atomic. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import {
  memoryStore,
  type NewEntry,
  type Operation,
  Operations,
  type OperationStore,
} from "@taskscope/taskscope/operations";
import { unstorageStore } from "@taskscope/taskscope/operations/unstorage";
import { createStorage } from "unstorage";
import { App } from "./app.ts";

const untilCanceled = (task: { sleep(ms: number): Promise<void> }) => task.sleep(600_000);
const isRunning = ({ state }: Operation) => state === "running";

/** A store without watch, in which a test can step in before each call. */
function tampered(
  before: (method: string, key: string, entry?: NewEntry) => unknown,
  store = memoryStore(),
): OperationStore {
  return {
    atomic: store.atomic,
    get: async (key) => (await before("get", key), await store.get(key)),
    create: async (key, entry) => (await before("create", key, entry), await store.create(key, entry)),
    compareAndSet: async (key, version, entry) => {
      await before("compareAndSet", key, entry);
      return await store.compareAndSet(key, version, entry);
    },
    delete: async (key) => (await before("delete", key), await store.delete(key)),
    count: (group) => store.count(group),
    list: async () => (await before("list", ""), await store.list()),
  };
}

/** Writes over a record as another process would. */
async function meddle(store: OperationStore, id: string, change: Record<string, unknown>): Promise<void> {
  const found = await store.get(`op-${id}`);
  const value = { ...found?.value as Record<string, unknown>, ...change };
  const { owner: group } = value as { owner: string };
  const entry = { value, expiresAt: Date.now() + 60_000, group, counted: !("endedAt" in change) };
  assert(await store.compareAndSet(`op-${id}`, found?.version ?? "", entry));
}

const LOST = {
  state: "lost",
  revision: 99,
  endedAt: Date.now(),
  expiresAt: Date.now() + 60_000,
  error: { name: "LostError", message: "x" },
};

Deno.test("a reader that finds the lease over writes that the operation is lost; once, whoever reads", async () => {
  const store = memoryStore();
  const app = new App({ store });
  const { id } = await app.start();
  await app.until(id);
  const found = await store.get(`op-${id}`);
  const { endedAt: _, expiresAt: __, ...value } = found?.value as Record<string, unknown>;
  const entry = { value: { ...value, state: "running", leaseUntil: 1 }, expiresAt: Date.now() + 60_000 };
  await store.compareAndSet(`op-${id}`, found?.version ?? "", entry);
  const apps = [app, new App({ store }), new App({ store })];
  const seen = await Promise.all(apps.map((each) => each.get(id)));
  assertEquals(seen.map(({ state, error }) => [state, error?.name]), Array(3).fill(["lost", "LostError"]));
  assertEquals(new Set(seen.map(({ revision }) => revision)).size, 1);
  assertEquals(apps.flatMap(({ errors }) => errors).length, 1);
  await app.idle();
});

Deno.test("what was written as lost stays lost, though its function still runs: that is canceled", async () => {
  const store = memoryStore();
  const app = new App({ store, work: untilCanceled });
  const { id } = await app.start();
  await app.until(id, isRunning);
  await meddle(store, id, LOST);
  await app.idle();
  assertEquals((await app.get(id)).state, "lost");
});

Deno.test("a function that ends as it is written lost does not bring it back", async () => {
  const store = memoryStore();
  let isEnding = false;
  const app = new App({
    store: tampered(async (method, key, entry) => {
      const { state, id } = Object(entry?.value);
      if (method !== "compareAndSet" || state !== "succeeded" || isEnding) return;
      isEnding = true;
      assertEquals(key, `op-${id}`);
      await meddle(store, id, LOST);
    }, store),
  });
  const { id } = await app.start();
  await app.idle();
  assertEquals([(await app.get(id)).state, isEnding], ["lost", true]);
});

Deno.test("a cancel that loses the race against the end is 409, against progress is tried again", async () => {
  for (const [change, status] of [[LOST, 409], [{ progress: { fraction: 0.5 }, revision: 50 }, 202]] as const) {
    const store = memoryStore();
    const there = new App({ store, work: untilCanceled, poll: 5 });
    const { id, links } = await there.start();
    await there.until(id, isRunning);
    let isTampered = false;
    const here = new App({
      store: tampered(async (method, _key, entry) => {
        if (method !== "compareAndSet" || !Object(entry?.value).cancelRequested || isTampered) return;
        isTampered = true;
        await meddle(store, id, change);
      }, store),
    });
    assertEquals((await here.fetch("DELETE", links.self)).status, status);
    await there.idle();
    assertEquals([(await there.get(id)).state, isTampered], [status === 409 ? "lost" : "canceled", true]);
  }
});

Deno.test("two services on one store: each serves the status, the events and the cancel of the other's", async () => {
  const storage = createStorage();
  for (const [name, make] of [["atomic", () => memoryStore()], ["not", () => unstorageStore(storage)]] as const) {
    const store = make();
    // As another process would: without a watch.
    const [one, two] = [1, 2].map(() =>
      new App({ store: tampered(() => {}, store), work: untilCanceled, poll: 5, limits: { progressInterval: 0 } })
    );
    assert(one && two);
    const { id, links } = await one.start();
    assertEquals((await two.until(id, isRunning)).state, "running", name);
    const events = two.fetch("GET", links.events).then((response) => response.text());
    const canceled = await two.fetch("DELETE", links.self);
    assertEquals([canceled.status, (await canceled.json()).cancelRequested], [202, true]);
    assertEquals((await two.until(id)).state, "canceled");
    assert((await events).includes('"state":"canceled"'));
    assertEquals((await two.fetch("DELETE", links.self)).status, 202);
    await Promise.all([one.idle(), two.idle()]);
    assertEquals(await store.count(), 0);
  }
});

Deno.test("of two services that are given the same key at the same time, one runs it", async () => {
  const store = memoryStore();
  let calls = 0;
  const both = [1, 2].map(() => new App({ store, work: () => ++calls }));
  for (let i = 0; i < 20; i++) {
    const ids = await Promise.all(both.map(async (app) => (await app.start("x", { "idempotency-key": `k${i}` })).id));
    assertEquals(ids[0], ids[1]);
  }
  await Promise.all(both.map((app) => app.idle()));
  assertEquals([calls, await store.count()], [20, 0]);
});

Deno.test("a start whose process was beaten to the key leaves neither a task nor a record", async () => {
  const store = memoryStore();
  let other: string | undefined;
  const there = new App({ store });
  const here = new App({
    store: tampered(async (method, key) => {
      if (method !== "create" || !key.startsWith("key-") || other) return;
      other = "pending";
      other = (await there.start("x", { "idempotency-key": "k" })).id;
    }, store),
    work: () => assert(false, "has to be the other's"),
  });
  const { id } = await here.start("x", { "idempotency-key": "k" });
  assertEquals(id, other);
  await Promise.all([here.idle(), there.idle()]);
  assertEquals([await store.count(), here.errors], [0, []]);
});

Deno.test("while the store fails, requests are 503, a start leaves nothing, and the error is told", async () => {
  const store = memoryStore();
  let isDown = false;
  let refused = 0;
  const app = new App({
    store: tampered((method) => {
      if (!isDown) return;
      refused++;
      throw new Error(`down: ${method}`);
    }, store),
    work: untilCanceled,
    lease: 30,
    poll: 5,
  });
  const { id, links } = await app.start();
  await app.until(id, isRunning);
  isDown = true;
  const get = await app.fetch("GET", links.self);
  assertEquals([get.status, get.headers.has("retry-after")], [503, true]);
  assertEquals((await app.fetch("POST", "/x")).status, 503);
  const stream = app.fetch("GET", links.events);
  assertEquals((await stream).status, 503);
  const before = refused;
  while (refused < before + 3) await new Promise((resolve) => setTimeout(resolve, 1)); // the running operation tries
  const told = app.errors.map(([error]) => (error as Error).message);
  assertEquals([told.filter((text) => text.startsWith("down: ")).length, told.length], [4, 4]);
  isDown = false;
  assertEquals((await app.get(id)).state, "running");
  await app.fetch("DELETE", links.self);
  assertEquals((await app.until(id)).state, "canceled");
  await app.idle();
  assertEquals(await store.count(), 0);
});

Deno.test("events of a store that fails end, so that the client comes again", async () => {
  let isDown = false;
  const store = tampered((method) => {
    if (isDown && method === "get") throw new Error("down");
  });
  const there = new App({ store, work: untilCanceled });
  const { id, links } = await there.start();
  await there.until(id, isRunning);
  const here = new App({ store, poll: 5 });
  const stream = await here.fetch("GET", links.events);
  isDown = true;
  assert((await stream.text()).includes('"state":"running"'));
  isDown = false;
  assertEquals(here.operations.counters.listeners, 0);
  await there.fetch("DELETE", links.self);
  await there.idle();
});

Deno.test("a result that the store does not take fails the operation; an end it does not take at first is written later", async () => {
  for (const times of [1, Infinity]) {
    let refused = 0;
    const store = tampered((method, _key, entry) => {
      if (method !== "compareAndSet" || Object(entry?.value).state !== "succeeded") return;
      if (refused++ < times) throw new Error("too large");
    });
    const app = new App({ store });
    const { state } = await app.until((await app.start()).id);
    assertEquals(state, times === 1 ? "succeeded" : "failed");
    assertGreater(app.errors.length, 0);
    await app.idle();
  }
});

Deno.test("a record that the store has lost is put back by the process that runs it", async () => {
  const store = memoryStore();
  const app = new App({ store: tampered(() => {}, store), work: untilCanceled, lease: 30, poll: 5 });
  const { id, links } = await app.start();
  await app.until(id, isRunning);
  await store.delete(`op-${id}`);
  while (!await store.get(`op-${id}`)) await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals((await app.fetch("DELETE", links.self)).status, 202);
  assertEquals((await app.until(id)).state, "canceled");
  await app.idle();
});

Deno.test("an onError that throws disturbs nothing, and without one errors go to the console", async () => {
  const logged: unknown[][] = [];
  const original = console.error;
  console.error = (...line) => logged.push(line);
  try {
    const work = () => Promise.reject(new Error("boom"));
    const onError = () => {
      throw new Error("in onError");
    };
    const app = new App({ work, onError });
    assertEquals((await app.until((await app.start()).id)).state, "failed");
    await app.idle();
    const silent = new App({ work });
    Object.assign(silent, { operations: new Operations({ store: memoryStore() }) });
    assertEquals((await silent.until((await silent.start()).id)).state, "failed");
    await silent.idle();
    const down = { ...memoryStore(), ...tampered(() => Promise.reject(new Error("down"))) };
    Object.assign(silent, { operations: new Operations({ store: down }) });
    assertEquals((await silent.fetch("GET", `/operations/${crypto.randomUUID()}`)).status, 503);
  } finally {
    console.error = original;
  }
  assertEquals(logged.map(([text]) => `${text}`.replace(/\(.*\)/, "()")), [
    "TaskScope: onError failed:",
    'TaskScope: operation "work" () ended as failed:',
    "TaskScope: the store of operations failed:",
  ]);
});
