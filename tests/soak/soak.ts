/**
 * 20 000 requests to a server in a process of its own, from clients that leave when they like: conservation holds, the
 * live heap stays flat, nothing is rejected unheard.
 *
 * ```sh
 * deno run -A tests/soak/soak.ts deno run -A --v8-flags=--expose-gc tests/soak/server.ts
 * ```
 *
 * The last line printed is `{ "passed": boolean, "detail": string }`.
 */
import { assert, assertEquals } from "@std/assert";
import { type Server, startProcess } from "../http/e2e/engines.ts";
import { until } from "../http/e2e/until.ts";
import { RawClient } from "./raw_client.ts";
import type { Ledger, Stats } from "./stats.ts";

const REQUESTS = 20_000;
const ROUNDS = 10; // the heap is measured after each
const CLIENTS = 32;
const LIMIT = 1024 * 1024;
const SEED = 20_261_121;

let state = SEED;

/** A number from 0 up to 1; mulberry32. */
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

const sent = { stayed: 0, after: 0, before: 0, mid: 0, rejecting: 0 };

/** What one client does next. */
async function request(client: RawClient): Promise<void> {
  const [choice, parts] = [random(), 1 + Math.floor(random() * 3)];
  const reject = random() < 0.02 ? "&reject" : "";
  if (choice < 0.1) {
    sent.before++;
    return await client.leave(`/slow?${reject}`, 0);
  }
  if (choice < 0.2) {
    sent.mid++;
    return await client.leave(`/endless?${reject}`, parts);
  }
  if (reject) sent.rejecting++;
  const isStreamed = random() < 0.4;
  const answer = await client.stay(isStreamed ? `/stream?parts=${parts}${reject}` : `/plain?${reject}`);
  assertEquals(answer, `200 ${isStreamed ? "part ".repeat(parts) : "plain"}`);
  sent.stayed++;
  if (choice > 0.9) {
    sent.after++;
    client.close();
  }
}

async function round(port: number): Promise<void> {
  let left = REQUESTS / ROUNDS;
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    const client = new RawClient(port);
    while (left-- > 0) await request(client);
    client.close();
  }));
}

/** When nothing runs any more. */
async function quiet({ port }: Server): Promise<Stats> {
  let stats: Stats | undefined;
  await until(async () => {
    const response = await fetch(`http://127.0.0.1:${port}/stats`);
    stats = await response.json() as Stats;
    return stats.pending === 0;
  }, () => `the last task: ${JSON.stringify(stats)}`);
  return stats as Stats;
}

function sum({ succeeded, failed, canceled, abandoned }: Ledger): number {
  return succeeded + failed + canceled + abandoned;
}

function verify(stats: Stats): void {
  const { requests, bodies, attached, detached, counters, thrown, reported, wrong } = stats;
  assertEquals(wrong, []);
  const { "/plain": plain, "/stream": stream, "/slow": slow, "/endless": endless } = requests;
  assert(plain && stream && slow && endless);
  // Who stays to the end is never taken for one that left, nor one that leaves after the end.
  assertEquals([plain.disconnected, plain.other, stream.disconnected, stream.other], [0, 0, 0, 0]);
  assertEquals(plain.open + stream.open, sent.stayed);
  // Who leaves is: unless the server never saw the request.
  assertEquals([slow.open, slow.other, endless.open, endless.other], [0, 0, 0, 0]);
  assertEquals(endless.disconnected, sent.mid);
  assert(slow.disconnected <= sent.before && slow.disconnected > sent.before / 2, `${slow.disconnected} left before`);
  // Every task of every request is accounted for, by three books that do not know of each other.
  const started = [plain, stream, slow, endless].reduce((total, kind) => total + kind.started, 0);
  const ended = [plain, stream, slow, endless].reduce((total, kind) => total + kind.open + kind.disconnected, 0);
  assertEquals(ended, started);
  assertEquals([attached.spawned, sum(attached)], [2 * started, 2 * started]);
  assertEquals(counters, attached);
  assertEquals([detached.spawned, sum(detached)], [started, started]);
  assertEquals([detached.canceled, detached.abandoned, attached.failed, attached.abandoned], [0, 0, 0, 0]);
  assertEquals(bodies.ended, bodies.started);
  // One canceled before its start never runs: that is the only way not to.
  assert(bodies.started <= 3 * started && bodies.started >= 3 * started - attached.canceled);
  // Each rejection is reported, and reported once.
  assertEquals([detached.failed, reported], [thrown, thrown]);
  assert(thrown >= sent.rejecting);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

async function soak(server: Server): Promise<string> {
  const began = performance.now();
  const heaps: number[] = [];
  for (let index = 0; index < ROUNDS; index++) {
    await round(server.port);
    heaps.push((await quiet(server)).heap);
  }
  verify(await quiet(server));
  const third = Math.floor(ROUNDS / 3);
  const grown = median(heaps.slice(-third)) - median(heaps.slice(0, third));
  const seconds = (performance.now() - began) / 1_000;
  const kilobytes = (bytes: number) => `${(bytes / 1024).toFixed(0)} KB`;
  assert(grown < LIMIT, `the live heap grew by ${kilobytes(grown)}: ${heaps.map(kilobytes).join(", ")}`);
  const left = `${sent.before} left before, ${sent.mid} in, ${sent.after} after the answer`;
  return `${REQUESTS} requests in ${seconds.toFixed(0)} s, ${left}, ${kilobytes(grown)} more live heap`;
}

let verdict: { passed: boolean; detail: string };
try {
  await using server = await startProcess(Deno.args);
  verdict = { passed: true, detail: await soak(server) };
} catch (error) {
  console.log(error instanceof Error ? error.stack : error);
  verdict = { passed: false, detail: `seed ${SEED}` };
}
console.log(JSON.stringify(verdict));
Deno.exit(verdict.passed ? 0 : 1);
