import {
  findProgram,
  freePort,
  isRequired,
  kill,
  type RestartableServer,
  type ServerOptions,
  untilReady,
} from "./server.ts";

/** Why there is no Redis, and what to do; `undefined` if there is one. */
export function redisMissing(): string | undefined {
  if (findProgram("redis-server") || isRequired()) return undefined;
  return "no redis-server on the PATH: apt-get install redis-server";
}

/**
 * Starts a Redis, by default one that keeps nothing on disk.
 *
 * @throws {Error} If there is none, or it does not start.
 */
export async function startRedis({ durable = false }: ServerOptions = {}): Promise<RestartableServer> {
  const program = findProgram("redis-server");
  if (!program) throw new Error("Cannot start Redis: no redis-server on the PATH: apt-get install redis-server");
  const folder = durable ? await Deno.makeTempDir({ prefix: "taskscope-redis-" }) : undefined;
  const port = freePort();
  // Without fsync, what was acknowledged is with the system, which a crash of the process leaves alone; "everysec" would be
  // less, as it puts writing off while an fsync takes its time.
  const kept = folder ? ["--dir", folder, "--appendonly", "yes", "--appendfsync", "no"] : ["--appendonly", "no"];
  const start = async () => {
    const child = new Deno.Command(program, {
      args: ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--loglevel", "warning", ...kept],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    await untilReady(child, () => answers(port), () => Promise.resolve("redis-server prints nothing"));
    return child;
  };
  let child = await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    async restart(meanwhile) {
      await kill(child);
      await meanwhile?.();
      child = await start();
    },
    async stop() {
      await kill(child);
      if (folder) await Deno.remove(folder, { recursive: true });
    },
  };
}

async function answers(port: number): Promise<boolean> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode("PING\r\n"));
  const bytes = new Uint8Array(16);
  const length = await connection.read(bytes) ?? 0;
  return new TextDecoder().decode(bytes.subarray(0, length)).startsWith("+PONG");
}
