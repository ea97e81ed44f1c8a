/** Opens the engines that other processes can open, too, by a kind and an address that a child process can be told. */
import type { Engine } from "../../src/durable/engine.ts";
import type { RestartableServer } from "../../tools/servers/server.ts";

export type EngineKind = "pg-boss" | "BullMQ" | "Deno KV";

export interface OpenEngine {
  readonly engine: Required<Pick<Engine, "records" | "remove" | "consume" | "deadLetters">> & Engine;
  /** How many messages are waiting, or with a worker. */
  pending(): Promise<number>;
  close(): Promise<void>;
}

/** Not a literal: Deno 2.9 looks ahead at those, and then does not find the BullMQ that goes with this ioredis. */
const OPEN_BULLMQ = new URL("./open_bullmq.ts", import.meta.url).href;

/** Imports that engine alone: a worker that is killed again and again should soon be there again. */
export async function openEngine(
  kind: EngineKind,
  url: string,
  onError: (error: unknown) => void,
  queue = "tasks",
): Promise<OpenEngine> {
  if (kind === "BullMQ") {
    const { openBullmq }: typeof import("./open_bullmq.ts") = await import(OPEN_BULLMQ);
    return openBullmq(url, onError, queue);
  }
  if (kind === "Deno KV") return await openDenoKv(url, queue);
  return await openPgBoss(url, onError, queue);
}

async function openDenoKv(url: string, queue: string): Promise<OpenEngine> {
  const { denoKvEngine } = await import("../../src/durable/deno_kv.ts");
  const kv = await Deno.openKv(url);
  return {
    engine: denoKvEngine(kv, { prefix: queue, poll: 100 }),
    async pending() {
      const places = ["ready", "later"].map((place) => Array.fromAsync(kv.list({ prefix: [queue, place] })));
      return (await Promise.all(places)).flat().length;
    },
    async close() {
      await undefined;
      kv.close();
    },
  };
}

async function openPgBoss(url: string, onError: (error: unknown) => void, queue: string): Promise<OpenEngine> {
  const [{ PgBoss }, { pgBossEngine }] = await Promise.all([import("pg-boss"), import("../../src/durable/pg_boss.ts")]);
  for (;;) {
    const boss = new PgBoss({ connectionString: url, max: 6, supervise: false, schedule: false });
    boss.on("error", onError);
    try {
      await boss.start();
    } catch (error) { // the server is just being restarted
      onError(error);
      await boss.stop({ graceful: false }).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 100));
      continue;
    }
    return {
      engine: pgBossEngine(boss, { queue, poll: 100, listen: true }),
      async pending() {
        const { rows } = await boss.getDb().executeSql(
          "select count(*)::int as pending from pgboss.job where name = $1 and state < 'completed'",
          [queue],
        );
        return rows[0].pending;
      },
      close: () => boss.stop({ graceful: false }),
    };
  }
}

/** For Deno KV: a file has no server that could be killed. */
export async function startFile(): Promise<RestartableServer> {
  const folder = await Deno.makeTempDir({ prefix: "taskscope-queue-" });
  return {
    url: `${folder}/kv`,
    async restart(meanwhile) {
      await meanwhile?.();
    },
    stop: () => Deno.remove(folder, { recursive: true }),
  };
}
