/**
 * Records in Redis, and its clock.
 *
 * @module
 */
import type { BullmqClientLike } from "./bullmq_port.ts";
import type { Records } from "./engine.ts";

type Client = () => Promise<BullmqClientLike>;

// Scripts, because every client of Redis has its own way to write the options of a command.
const SET = `if ARGV[3] == "1" then return redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2], "NX") and 1 or 0 end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2]) return 1`;
const TIME = `local t = redis.call("TIME") return t[1] * 1000 + math.floor(t[2] / 1000)`;

async function run(client: Client, name: string, lua: string, keys: string[], args: string[]): Promise<number> {
  const redis = await client();
  redis.defineCommand(name, { numberOfKeys: keys.length, lua });
  return Number(await redis.runCommand(name, [...keys, ...args]));
}

/** The time by the clock of Redis, in milliseconds since 1970. */
export function redisTime(client: Client): Promise<number> {
  return run(client, "taskscopeTime", TIME, [], []);
}

/** Keeps records under keys with a prefix; atomic among all processes. */
export function redisRecords(client: Client, prefix: string): Records {
  return {
    async get(key) {
      return await (await client()).get(prefix + key) ?? undefined;
    },
    async set(key, value, ttl, onlyIfAbsent = false) {
      const args = [value, `${Math.max(1, Math.ceil(ttl))}`, onlyIfAbsent ? "1" : "0"];
      return await run(client, "taskscopeSet", SET, [prefix + key], args) === 1;
    },
    async delete(key) {
      await (await client()).del(prefix + key);
    },
  };
}
