/** The stores that need a server, against real ones. */
import "ioredis";
import redisDriver from "unstorage/drivers/redis";
import postgres from "postgres";
import { postgresStore } from "@taskscope/taskscope/operations/postgres";
import { unstorageStore } from "@taskscope/taskscope/operations/unstorage";
import { createStorage } from "unstorage";
import { postgresMissing, startPostgres } from "../../tools/servers/postgres.ts";
import { redisMissing, startRedis } from "../../tools/servers/redis.ts";
import { testStore } from "./store_cases.ts";

const noRedis = redisMissing();
const noPostgres = postgresMissing();

if (noRedis) Deno.test({ name: `store: unstorage, Redis: skipped, ${noRedis}`, ignore: true, fn() {} });
else {
  testStore("unstorage, Redis", async () => {
    const server = await startRedis();
    const storage = createStorage({ driver: redisDriver({ url: server.url }) });
    const close = async () => {
      await storage.dispose();
      await server.stop();
    };
    return { store: unstorageStore(storage), close };
  });
}

if (noPostgres) Deno.test({ name: `store: PostgreSQL: skipped, ${noPostgres}`, ignore: true, fn() {} });
else {
  testStore("PostgreSQL", async () => {
    const server = await startPostgres();
    const sql = postgres(server.url, { max: 4, onnotice() {} });
    const close = async () => {
      await sql.end();
      await server.stop();
    };
    return { store: postgresStore(sql, { listen: true }), close };
  });
}
