/**
 * What 5 000 clients of events leave behind in a server: nothing. They come at random, many at a time, and leave in every way
 * there is: before the answer, after it, after some events, in a long poll, with a socket that just closes; some stay to the
 * end. What they do follows from a seed: `deno run -A tests/soak_sse/clients.ts 7`.
 *
 * The last line printed is `{ "passed": boolean, "detail": string }`.
 */
import { isEnded, operationsClient } from "@taskscope/taskscope/operations/client";
import type { Held } from "./server.ts";

const CLIENTS = 5_000;
const WARM_UP = 1_000;
const AT_ONCE = 150;
const OPERATIONS = 20;
const LIMIT = 1024 * 1024;

const seed = Number(Deno.args[0] ?? 1);
const random = mulberry32(seed);
const pick = (below: number) => Math.floor(random() * below);

const child = new Deno.Command(Deno.execPath(), {
  args: ["run", "-A", "--quiet", "--v8-flags=--expose-gc", new URL("server.ts", import.meta.url).pathname],
  stdin: "null",
  stdout: "piped",
}).spawn();
const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
const port = Number((await lines.read()).value);
const base = `http://127.0.0.1:${port}`;
const client = operationsClient(base);
let amid: Held["counts"] = {};

/** The ways of a client; each ends with nothing open. */
const WAYS: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
  "before the answer": async (id) => {
    const controller = new AbortController();
    const next = client.operation(id).follow({ signal: controller.signal }).next();
    await pause(pick(4));
    controller.abort();
    await next.catch(() => {});
  },
  "after some events": async (id) => {
    let left = pick(5);
    for await (const _ of client.operation(id).follow()) if (left-- === 0) break;
  },
  "in a wait": async (id) => {
    const signal = AbortSignal.timeout(pick(60));
    try {
      for await (const _ of client.operation(id).follow({ signal }));
    } catch {
      // Its reason.
    }
  },
  "in a long poll": async (id) => {
    const signal = AbortSignal.timeout(pick(60));
    const headers = { "if-none-match": `*` }; // whatever it is: wait
    await fetch(`${base}/operations/${id}?wait=20s`, { headers, signal }).then((answer) => answer.text()).catch(
      () => {},
    );
  },
  "its body canceled": async (id) => {
    const headers = { "last-event-id": `${pick(50)}` };
    const { body } = await fetch(`${base}/operations/${id}/events`, { headers });
    const reader = body?.getReader();
    if (pick(2) === 0) await reader?.read();
    await reader?.cancel();
  },
  "a socket that closes": async (id) => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const request = `GET /operations/${id}/events HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    await connection.write(new TextEncoder().encode(request));
    if (pick(2) === 0) await connection.read(new Uint8Array(4_096));
    else await pause(pick(20));
  },
};

/** So many clients, who come and go; then the operations end, which some of them wait for. */
async function visit(clients: number): Promise<Record<string, number>> {
  const started = await Promise.all(Array.from({ length: OPERATIONS }, () => client.start("/")));
  const ids = started.map(({ id }) => id);
  const ways = Object.keys(WAYS);
  const seen: Record<string, number> = {};
  const staying = ids.map(async (id) => {
    let ended = false;
    for await (const { state } of client.operation(id).follow()) ended = isEnded(state);
    if (ended) seen["at the end"] = (seen["at the end"] ?? 0) + 1;
  });
  let left = clients - staying.length;
  const half = Math.floor(left / 2);
  const visitor = async () => {
    while (left-- > 0) {
      if (left === half) amid = (await held()).counts; // to know that the counts count
      const way = ways[pick(ways.length)] ?? "";
      await WAYS[way]?.(ids[pick(ids.length)] ?? "");
      seen[way] = (seen[way] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, visitor));
  await (await fetch(`${base}/end`)).text();
  await Promise.all(staying);
  return seen;
}

async function held(): Promise<Held> {
  return await (await fetch(`${base}/held`)).json();
}

/** What the server holds when all have left, as soon as it has heard of it. */
async function heldAfter(): Promise<Held> {
  for (let tries = 0;; tries++) {
    const now = await held();
    if (tries === 20 || Object.values(now.counts).every((count) => count === 0)) return now;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The same numbers for the same seed. */
function mulberry32(seed: number): () => number {
  return () => {
    seed = seed + 0x6d2b79f5 | 0;
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 4294967296;
  };
}

try {
  await visit(WARM_UP);
  const before = await heldAfter();
  const seen = await visit(CLIENTS);
  const after = await heldAfter();
  const grown = after.heap - before.heap;
  const left = Object.entries(after.counts).filter(([, count]) => count !== 0).map(([name, count]) =>
    `${count} ${name}`
  );
  const blind = Object.keys(after.counts).filter((name) => !amid[name]);
  const total = Object.values(seen).reduce((sum, count) => sum + count, 0);
  console.log(seen);
  console.log({ before, amid, after });
  console.log(JSON.stringify({
    passed: left.length + blind.length === 0 && grown < LIMIT && total === CLIENTS && seen["at the end"] === OPERATIONS,
    detail: `${total} clients, ${(grown / 1024).toFixed(0)} KB more live heap, ${left.join(", ") || "nothing"} held, ` +
      `${amid.listeners} listened at half-time${blind.length > 0 ? `; not counted: ${blind.join(", ")}` : ""}`,
  }));
} finally {
  await lines.cancel();
  child.kill("SIGKILL");
  await child.status;
}
