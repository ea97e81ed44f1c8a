/** The stores that need a server, against real ones. */
import { postgresMissing, startPostgres } from "../../tools/servers/postgres.ts";
import { redisMissing, startRedis } from "../../tools/servers/redis.ts";
import { testStore } from "./store_cases.ts";
import { openStore } from "./stores.ts";

const SERVERS = [
  { kind: "redis", title: "unstorage, Redis", missing: redisMissing(), start: startRedis },
  { kind: "postgres", title: "PostgreSQL", missing: postgresMissing(), start: startPostgres },
] as const;

for (const { kind, title, missing, start } of SERVERS) {
  if (missing) Deno.test({ name: `store: ${title}: skipped, ${missing}`, ignore: true, fn() {} });
  else {
    testStore(title, async () => {
      const server = await start();
      const { store, close } = await openStore(kind, server.url);
      return {
        store,
        async close() {
          await close();
          await server.stop();
        },
      };
    });
  }
}
