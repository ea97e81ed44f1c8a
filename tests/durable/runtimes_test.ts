/** pg-boss and BullMQ on Node and Bun: the cases of every engine, and the examples. */
import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import manifest from "../../package.json" with { type: "json" };
import { bundle } from "../../tools/lib/bundle.ts";
import { command } from "../../tools/lib/command.ts";
import { join } from "../../tools/lib/path.ts";
import { type Runtime, runtimes } from "../../tools/runtimes.ts";
import { postgresMissing, startPostgres } from "../../tools/servers/postgres.ts";
import { redisMissing, startRedis } from "../../tools/servers/redis.ts";
import { stdEnv } from "../../tools/std.ts";
import { engineCases } from "./engine_cases.ts";

const PEERS = ["pg-boss", "bullmq", "ioredis"] as const;

/** A folder with the clients, as npm would install them, and what is to run there. */
async function project(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "taskscope-durable-" });
  const dependencies = Object.fromEntries(
    PEERS.map((name) => [name, config.imports[name].slice(`npm:${name}@`.length)]),
  );
  await Deno.writeTextFile(join(folder, "package.json"), JSON.stringify({ type: "module", dependencies, ...manifest }));
  const env = await stdEnv();
  const [install] = await Promise.all([
    command(Deno.execPath(), ["install", "--quiet", "--node-modules-dir=auto"], { cwd: folder, env }),
    bundle(env, [
      ...PEERS.map((name) => `--external=${name}`),
      "--external=node:*",
      ...["--outdir", folder, "tests/durable/runtimes_cases.ts"],
      ...["examples/durable_pg_boss.ts", "examples/durable_bullmq.ts"],
    ]),
  ]);
  assertEquals(install.code, 0, install.output);
  return folder;
}

const missing = postgresMissing() ?? redisMissing();
Deno.test({
  name: `pg-boss and BullMQ on Node and Bun${missing ? `: skipped, ${missing}` : ""}`,
  ignore: missing !== undefined,
  async fn(t) {
    const [folder, postgres, redis, { node22, node24, bun }] = await Promise.all([
      project(),
      startPostgres(),
      startRedis(),
      runtimes(),
    ]);
    const run = async (program: string, args: string[], env: Record<string, string> = {}) => {
      const { code, output } = await command(program, args, { cwd: folder, env, timeout: 100 });
      assertEquals(code, 0, output);
      return output;
    };
    const beside = { sanitizeExit: false, sanitizeOps: false, sanitizeResources: false }; // steps beside each other
    const step = (name: string, fn: () => Promise<void>) => t.step({ name, fn, ...beside });
    try {
      const cases = (kind: string, url: string, { label, path }: Runtime) =>
        step(`${kind}, ${label}`, async () => {
          const output = await run(path, ["tests/durable/runtimes_cases.js", kind, url]);
          assert(output.includes(`${engineCases.length} of ${engineCases.length} passed`), output);
        });
      await Promise.all([
        ...[node22, node24, bun].flatMap((runtime) => [
          cases("pg-boss", postgres.url, runtime),
          cases("BullMQ", redis.url, runtime),
        ]),
        step(`examples/durable_pg_boss.ts, ${node24.label}`, async () => {
          const output = await run(node24.path, ["examples/durable_pg_boss.js"], { DATABASE_URL: postgres.url });
          assert(output.includes("succeeded in attempt 2: 5.pdf"), output);
        }),
        step(`examples/durable_bullmq.ts, ${bun.label}`, async () => {
          const output = await run(bun.path, ["examples/durable_bullmq.js"], { REDIS_URL: redis.url });
          assert(output.includes("short: local, long: handed-off"), output);
        }),
      ]);
    } finally {
      await postgres.stop();
      await redis.stop();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
