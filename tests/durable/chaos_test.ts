/** Chaos on real engines; `CHAOS_TASKS` and `CHAOS_SEED` choose another size or the same numbers again. */
import { postgresMissing, startPostgres } from "../../tools/servers/postgres.ts";
import { redisMissing, startRedis } from "../../tools/servers/redis.ts";
import { chaos } from "./chaos.ts";

const ENGINES = [
  { kind: "pg-boss", missing: postgresMissing(), start: () => startPostgres({ durable: true }) },
  { kind: "BullMQ", missing: redisMissing(), start: () => startRedis({ durable: true }) },
] as const;

const tasks = Number(Deno.env.get("CHAOS_TASKS") ?? 2_000);
const seed = Number(Deno.env.get("CHAOS_SEED") ?? Math.floor(Math.random() * 2 ** 32));

for (const { kind, missing, start } of ENGINES) {
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
