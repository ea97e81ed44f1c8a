/** Chaos on real engines; `CHAOS_TASKS` and `CHAOS_SEED` choose another size or the same numbers again. */
import { postgresMissing, startPostgres } from "../../tools/servers/postgres.ts";
import { redisMissing, startRedis } from "../../tools/servers/redis.ts";
import { chaos } from "./chaos.ts";
import { startFile } from "./open_engine.ts";

const ENGINES = [
  { kind: "pg-boss", missing: postgresMissing(), start: () => startPostgres({ durable: true }), usual: 2_000 },
  { kind: "BullMQ", missing: redisMissing(), start: () => startRedis({ durable: true }), usual: 2_000 },
  { kind: "Deno KV", missing: undefined, start: startFile, usual: 500 }, // one file that takes one writer at a time
] as const;

const seed = Number(Deno.env.get("CHAOS_SEED") ?? Math.floor(Math.random() * 2 ** 32));

for (const { kind, missing, start, usual } of ENGINES) {
  const tasks = Number(Deno.env.get("CHAOS_TASKS") ?? usual);
  Deno.test({
    name: `${kind}: ${tasks} tasks in chaos${missing ? `: skipped, ${missing}` : ""}`,
    ignore: missing !== undefined,
    sanitizeOps: false, // connections that broke are opened again
    sanitizeResources: false,
    async fn() {
      console.log(await chaos({ kind, tasks, seed, start }));
    },
  });
}
