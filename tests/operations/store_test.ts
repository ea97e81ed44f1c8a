/** The stores that need no server. */
import { assertThrows } from "@std/assert";
import { memoryStore } from "@taskscope/taskscope/operations";
import { denoKvStore } from "@taskscope/taskscope/operations/deno-kv";
import { postgresStore } from "@taskscope/taskscope/operations/postgres";
import { unstorageStore } from "@taskscope/taskscope/operations/unstorage";
import { createStorage } from "unstorage";
import fsDriver from "unstorage/drivers/fs-lite";
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
