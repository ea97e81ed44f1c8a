/** The stores that need no server. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { memoryStore } from "@taskscope/taskscope/operations";
import { denoKvStore, type KvLike } from "@taskscope/taskscope/operations/deno-kv";
import { postgresStore } from "@taskscope/taskscope/operations/postgres";
import { type StorageLike, unstorageStore } from "@taskscope/taskscope/operations/unstorage";
import { createStorage } from "unstorage";
import fsDriver from "unstorage/drivers/fs-lite";
import { App } from "./app.ts";
import { testStore } from "./store_cases.ts";

testStore("memory", () => Promise.resolve({ store: memoryStore(), close() {} }));

testStore("Deno KV", async () => {
  const kv = await Deno.openKv(":memory:");
  return { store: denoKvStore(kv), close: () => kv.close() };
});

testStore("unstorage, memory driver", () => {
  return Promise.resolve({ store: unstorageStore(createStorage()), close() {} });
});

testStore("unstorage, a folder", async () => {
  const base = await Deno.makeTempDir({ prefix: "taskscope-operations-" });
  const storage = createStorage({ driver: fsDriver({ base }) });
  return { store: unstorageStore(storage), close: () => Deno.remove(base, { recursive: true }) };
});

Deno.test("postgresStore() takes no table that would have to be quoted", () => {
  const sql = { unsafe: () => Promise.resolve([]) };
  assertThrows(() => postgresStore(sql, { table: 'a"; drop table b' }), RangeError, "table");
});

Deno.test("denoKvStore() waits for another process that writes to the same file, and for no other error", async () => {
  const kv = await Deno.openKv(":memory:");
  const errors = ["database is locked", "database is locked", "", "disk is full"];
  const commit = (atomic: Deno.AtomicOperation) => () => {
    const error = errors.shift();
    return error ? Promise.reject(new TypeError(error)) : atomic.commit();
  };
  const busy = {
    get: kv.get.bind(kv),
    list: kv.list.bind(kv),
    atomic() {
      const atomic = kv.atomic();
      const wrapped = { check, set, delete: remove, commit: commit(atomic) };
      function check(...checks: Deno.AtomicCheck[]) {
        atomic.check(...checks);
        return wrapped;
      }
      function set(key: Deno.KvKey, value: unknown) {
        atomic.set(key, value);
        return wrapped;
      }
      function remove(key: Deno.KvKey) {
        atomic.delete(key);
        return wrapped;
      }
      return wrapped;
    },
  };
  const store = denoKvStore(busy as unknown as KvLike);
  const entry = { value: 1, expiresAt: Date.now() + 60_000 };
  await assertRejects(
    async () => {
      await store.create("a", entry);
      assertEquals(errors, ["disk is full"]);
      await store.create("b", entry);
    },
    TypeError,
    "disk is full",
  );
  assertEquals([(await store.get("a"))?.value, await store.get("b")], [1, undefined]);
  kv.close();
});

Deno.test("unstorageStore() lists for many counts once, and counts what it wrote itself at once", async () => {
  const storage = createStorage();
  let listings = 0;
  const counting = { ...storage, getKeys: (base?: string) => (listings++, storage.getKeys(base)) };
  const store = unstorageStore(counting as unknown as StorageLike);
  const entry = { value: 1, expiresAt: Date.now() + 60_000, group: "g", counted: true };
  for (let i = 1; i <= 20; i++) {
    const [version, count] = await Promise.all([store.create(`a${i}`, entry), store.count("g")]);
    assert(version && count <= i);
    assertEquals(await store.count("g"), i);
  }
  assertEquals(listings, 1);
  const other = unstorageStore(storage);
  assertEquals([await other.count(), await other.count("h")], [20, 0]);
});

Deno.test("a key that is counted but not there, as when a process ends in between, is counted no more", async () => {
  const storage = createStorage();
  await storage.setItem(`taskscope:counted:${"0".repeat(64)}:op-${crypto.randomUUID()}`, "x");
  const store = unstorageStore(storage);
  assertEquals(await store.count(), 1);
  const app = new App({ store, limits: { total: 1 } });
  await app.start();
  await app.idle();
  assertEquals(await store.count(), 0);
});

Deno.test("unstorageStore() purges what has expired of its own, and nothing that others keep beside it", async () => {
  using time = new FakeTime();
  const storage = createStorage();
  const foreign = ["app:session:42", "app:entry:x", "app:counted:y", "app:expiresAt"];
  for (const key of foreign) await storage.setItem(key, { user: "ada" });
  const store = unstorageStore(storage, { prefix: "app" });
  await store.create("a", { value: 1, expiresAt: Date.now() + 1, group: "g", counted: true });
  await store.create("b", { value: 1, expiresAt: Date.now() + 3_600_000, group: "g", counted: true });
  time.tick(700_000);
  await store.purge?.();
  assertEquals((await storage.getKeys()).toSorted(), [...foreign, "app:counted:g:b", "app:entry:b"].toSorted());
});

Deno.test("unstorageStore() does not purge what is written anew at that moment", async () => {
  using time = new FakeTime();
  const storage = createStorage();
  let creating: Promise<string | undefined> | undefined;
  let isPurging = false;
  const watched = {
    ...storage,
    async getItem(key: string) {
      const row = await storage.getItem(key);
      if (isPurging && !creating) {
        creating = store.create("a", { value: "new", expiresAt: Date.now() + 60_000 });
        await time.runMicrotasks(); // if it may, it writes now
      }
      return row;
    },
  };
  const store = unstorageStore(watched as unknown as StorageLike);
  await store.create("a", { value: "old", expiresAt: Date.now() + 1 });
  time.tick(700_000);
  isPurging = true;
  await store.purge?.();
  assert(await creating);
  assertEquals((await store.get("a"))?.value, "new");
});
