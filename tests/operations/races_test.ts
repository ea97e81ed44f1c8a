/** Lost races, lost processes, and two services on one store. */
import { assert, assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { memoryStore, type Operation } from "@taskscope/taskscope/operations";
import { unstorageStore } from "@taskscope/taskscope/operations/unstorage";
import { createStorage } from "unstorage";
import { App } from "./app.ts";
import { LOST, meddle, tampered } from "./tampered.ts";

const untilCanceled = (task: { sleep(ms: number): Promise<void> }) => task.sleep(600_000);
const isRunning = ({ state }: Operation) => state === "running";

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

Deno.test("the ETag of a cancel is of what is written: it does not hide the end that comes instead", async () => {
  const writing = Promise.withResolvers<void>();
  const [ending, working] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const here = new App({
    store: tampered(async (method, _key, entry) => {
      if (method !== "compareAndSet" || Object(entry?.value).state !== "succeeded") return;
      writing.resolve();
      await ending.promise;
    }),
  });
  const storage = createStorage();
  const work = () => working.promise;
  const [there, other] = [1, 2].map(() => new App({ store: unstorageStore(storage), work, poll: 60_000 }));
  assert(there && other);
  for (const [runs, asks, gate] of [[here, here, ending], [there, other, working]] as const) {
    const { id, links } = await runs.start();
    await runs.until(id, isRunning);
    if (runs === here) await writing.promise;
    const asked = await asks.fetch("DELETE", links.self);
    assertEquals([asked.status, (await asked.json()).cancelRequested], [202, true]);
    gate.resolve(); // it ends before the wish is written
    await runs.idle();
    const headers = { "if-none-match": asked.headers.get("etag") ?? "" };
    const seen = await asks.fetch("GET", links.self, undefined, headers);
    assertEquals([seen.status, (await seen.json()).state], [200, "succeeded"]);
  }
});

Deno.test("what was found lost, expired and was forgotten is not put back by its process, which was cut off", async () => {
  using time = new FakeTime();
  const store = memoryStore();
  let isCut = false;
  const gate = Promise.withResolvers<void>();
  const options = { lease: 60, poll: 10, limits: { ttl: 50 } };
  const cut = tampered(() => {
    if (isCut) throw new Error("unreachable");
  }, store);
  const one = new App({ store: cut, work: () => gate.promise, ...options });
  const two = new App({ store, ...options });
  const { id, links } = await one.start();
  while (!isRunning(await one.get(id))) await time.tickAsync(1);
  isCut = true;
  const states: string[] = [];
  for (let ms = 0; ms < 800; ms += 10) {
    if (ms === 400) isCut = false;
    if (ms === 600) gate.resolve();
    const response = await two.fetch("GET", links.self);
    const state = response.status === 200 ? (await response.json()).state : `${response.status}`;
    if (states.at(-1) !== state) states.push(state);
    await time.tickAsync(10);
  }
  assertEquals(states, ["running", "lost", "410", "404"]);
  assertEquals(one.operations.counters, { running: 0, listeners: 0 });
});

Deno.test("an operation that is found lost before it begins does not begin", async () => {
  const store = memoryStore();
  let calls = 0;
  const app = new App({
    store: tampered(async (method, key, entry) => {
      if (method === "create" && key.startsWith("key-")) await meddle(store, Object(entry?.value).id, LOST);
    }, store),
    work: () => calls++,
  });
  const { id } = await app.start("x", { "idempotency-key": "k" });
  await app.idle();
  assertEquals([(await app.get(id)).state, calls], ["lost", 0]);
});

Deno.test("a start that waits for its turn at a slow store has its whole lease before it", async () => {
  using time = new FakeTime();
  const first = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const left: number[] = [];
  const app = new App({
    store: tampered(async (method, key, entry) => {
      if (method !== "create" || !key.startsWith("op-")) return;
      left.push(Object(entry?.value).leaseUntil - Date.now());
      first.resolve();
      await gate.promise;
    }),
    lease: 15_000,
  });
  const starts = [1, 2].map(() => app.start());
  await first.promise;
  await time.tickAsync(20_000);
  gate.resolve();
  await Promise.all(starts);
  assertEquals(left, [15_000, 15_000]);
  while (app.operations.counters.running > 0) await time.tickAsync(10);
});
