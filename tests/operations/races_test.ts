/** Lost races, lost processes, and two services on one store. */
import { assert, assertEquals } from "@std/assert";
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
