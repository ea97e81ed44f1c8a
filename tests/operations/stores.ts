/** Opens the stores that outlive a process, by a kind and an address that a child process can be told. */
import type { OperationStore } from "@taskscope/taskscope/operations";
import { denoKvStore } from "@taskscope/taskscope/operations/deno-kv";
import { postgresStore } from "@taskscope/taskscope/operations/postgres";
import { unstorageStore } from "@taskscope/taskscope/operations/unstorage";
import "ioredis"; // what the driver imports by itself
import postgres from "postgres";
import { createStorage } from "unstorage";
import fsDriver from "unstorage/drivers/fs-lite";
import redisDriver from "unstorage/drivers/redis";

export type StoreKind = "deno-kv" | "folder" | "redis" | "postgres";

export interface OpenStore {
  readonly store: OperationStore;
  close(): unknown;
}

export async function openStore(kind: StoreKind, address: string): Promise<OpenStore> {
  switch (kind) {
    case "deno-kv": {
      const kv = await Deno.openKv(address);
      return { store: denoKvStore(kv), close: () => kv.close() };
    }
    case "folder":
      return { store: unstorageStore(createStorage({ driver: fsDriver({ base: address }) })), close() {} };
    case "redis": {
      const storage = createStorage({ driver: redisDriver({ url: address, scanCount: 1_000 }) });
      return { store: unstorageStore(storage), close: () => storage.dispose() };
    }
    case "postgres": {
      const sql = postgres(address, { max: 4, onnotice() {} });
      return { store: postgresStore(sql, { listen: true }), close: () => sql.end({ timeout: 5 }) };
    }
  }
}
