import { findProgram, freePort, isRequired, kill, type Server, untilReady } from "./server.ts";

/** Why there is no Redis, and what to do; `undefined` if there is one. */
export function redisMissing(): string | undefined {
  if (findProgram("redis-server") || isRequired()) return undefined;
  return "no redis-server on the PATH: apt-get install redis-server";
}

/**
 * Starts a Redis that keeps nothing on disk.
 *
 * @throws {Error} If there is none, or it does not start.
 */
export async function startRedis(): Promise<Server> {
  const program = findProgram("redis-server");
  if (!program) throw new Error("Cannot start Redis: no redis-server on the PATH: apt-get install redis-server");
  const port = freePort();
  const child = new Deno.Command(program, {
    args: ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--loglevel", "warning"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await untilReady(child, () => answers(port), () => Promise.resolve("redis-server prints nothing"));
  return { url: `redis://127.0.0.1:${port}`, stop: () => kill(child) };
}

async function answers(port: number): Promise<boolean> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode("PING\r\n"));
  const bytes = new Uint8Array(16);
  const length = await connection.read(bytes) ?? 0;
  return new TextDecoder().decode(bytes.subarray(0, length)).startsWith("+PONG");
}
