/** Several processes on one store: real servers, real sockets, and a real kill -9. */
import { assert, assertEquals } from "@std/assert";
import { isEnded, type Operation } from "@taskscope/taskscope/operations";
import { postgresMissing, startPostgres } from "../../tools/servers/postgres.ts";
import { redisMissing, startRedis } from "../../tools/servers/redis.ts";
import { kill } from "../../tools/servers/server.ts";
import type { StoreKind } from "./stores.ts";

const LEASE = 5_000; // a loaded machine must not be silent for so long
const KEYS = 50;
const STARTS = 1_000;

interface Ground {
  readonly kind: StoreKind;
  readonly missing?: string | undefined;
  /** Where the store is, and what removes it. */
  open(): Promise<{ url: string; stop(): Promise<void> }>;
  /** Whether processes may share it for more than finding what was lost. */
  readonly shared: boolean;
  /** Whether one key is exact among processes. */
  readonly atomic: boolean;
}

async function temporary(file: string): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = await Deno.makeTempDir({ prefix: "taskscope-operations-" });
  return { url: `${folder}${file}`, stop: () => Deno.remove(folder, { recursive: true }) };
}

const GROUNDS: readonly Ground[] = [
  { kind: "deno-kv", open: () => temporary("/kv"), shared: true, atomic: true },
  { kind: "folder", open: () => temporary(""), shared: false, atomic: false },
  { kind: "redis", missing: redisMissing(), open: startRedis, shared: true, atomic: false },
  { kind: "postgres", missing: postgresMissing(), open: startPostgres, shared: true, atomic: true },
];

class Service {
  readonly #child: Deno.ChildProcess;
  readonly #url: string;

  private constructor(child: Deno.ChildProcess, port: string) {
    this.#child = child;
    this.#url = `http://127.0.0.1:${port}`;
  }

  static async start(kind: StoreKind, address: string): Promise<Service> {
    const script = new URL("./service.ts", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        "--unstable-kv",
        "--unstable-no-legacy-abort",
        script,
        kind,
        address,
        `${LEASE}`,
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    let text = "";
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.includes("\n")) break;
    }
    return new Service(child, text.trim());
  }

  fetch(method: string, path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.#url}${path}`, { method, headers });
  }

  async json<T>(method: string, path: string, headers?: Record<string, string>): Promise<T> {
    return await (await this.fetch(method, path, headers)).json();
  }

  async start(path: string, key: string): Promise<Operation> {
    const response = await this.fetch("POST", path, { "idempotency-key": key });
    const operation: Operation = await response.json();
    assertEquals(response.status, 202, JSON.stringify(operation));
    return operation;
  }

  async until({ links }: Operation, is = ({ state }: Operation) => isEnded(state)): Promise<Operation> {
    for (;;) {
      const operation: Operation = await this.json("GET", `${links.self}?wait=50ms`);
      if (is(operation)) return operation;
      assert(!isEnded(operation.state), JSON.stringify(operation));
    }
  }

  kill(): Promise<void> {
    return kill(this.#child);
  }
}

/** A process is killed in the middle; whoever reads after the lease, the operation is lost. */
async function findLost(killed: Service, ground: Ground, url: string, reader: Service | undefined): Promise<Service> {
  const operation = await killed.start("/slow", "killed");
  await killed.until(operation, ({ state, progress }) => state === "running" && progress?.fraction === 0.5);
  await killed.kill();
  const lostBy = Date.now() + LEASE; // it said that it lives at the latest when it was killed
  const restarted = await Service.start(ground.kind, url);
  const found = await Promise.all([restarted, reader ?? restarted].map(async (service) => {
    for (;;) {
      const sentAt = Date.now();
      const seen: Operation = await service.json("GET", operation.links.self);
      if (isEnded(seen.state) || sentAt > lostBy) return [seen.state, seen.error?.name];
      assertEquals(seen.state, "running");
    }
  }));
  assertEquals(found, [["lost", "LostError"], ["lost", "LostError"]]);
  const again = await restarted.start("/slow", "killed");
  assertEquals([again.id, again.state], [operation.id, "lost"]);
  assertEquals((await restarted.json<{ status: number }>("DELETE", operation.links.self)).status, 409);
  return restarted;
}

/** Each serves the status, the events and the cancel of the other's operation. */
async function share(services: readonly [Service, Service]): Promise<void> {
  await Promise.all([services, services.toReversed()].map(async ([runs, other], i) => {
    assert(runs && other);
    const operation = await runs.start("/slow", `shared ${i}`);
    await other.until(operation, ({ state }) => state === "running");
    assertEquals((await other.start("/slow", `shared ${i}`)).id, operation.id);
    const events = other.fetch("GET", operation.links.events).then((response) => response.text());
    const canceled = await other.fetch("DELETE", operation.links.self);
    assertEquals([canceled.status, (await canceled.json()).cancelRequested], [202, true]);
    const ends = await Promise.all([runs.until(operation), other.until(operation)]);
    assertEquals(ends.map(({ state }) => state), ["canceled", "canceled"]);
    assert((await events).includes('"state":"canceled"'));
  }));
}

/** 1 000 starts with 50 keys: 50 tasks. */
async function startMany(services: readonly Service[]): Promise<void> {
  const calls = () => Promise.all(services.map((service) => service.json<number>("GET", "/calls")));
  const before = await calls();
  const turns = Array.from({ length: STARTS }, (_, i) => [services[i % services.length], (i >> 1) % KEYS] as const);
  const operations = await Promise.all(turns.map(([service, key]) => service?.start("/quick", `many ${key}`)));
  await Promise.all(operations.slice(0, 2 * KEYS).map((operation) => operation && services[0]?.until(operation)));
  const after = await calls();
  const ran = after.reduce((sum, each, i) => sum + each - (before[i] ?? 0), 0);
  assertEquals([new Set(operations.map((operation) => operation?.id)).size, ran], [KEYS, KEYS]);
}

async function run(ground: Ground): Promise<void> {
  const { kind, shared, atomic } = ground;
  const { url, stop } = await ground.open();
  const services: Service[] = [];
  try {
    const [one, two] = await Promise.all([1, 2].map(() => Service.start(kind, url)));
    assert(one && two);
    services.push(one, two);
    await startMany(atomic ? [one, two] : [one]);
    if (shared) await share([one, two]);
    services.push(await findLost(one, ground, url, shared ? two : undefined));
  } finally {
    await Promise.all(services.map((service) => service.kill()));
    await stop();
  }
}

Deno.test("processes that share a store, or are killed in the middle of an operation", async (t) => {
  const left = [...GROUNDS];
  const worker = async () => {
    for (let ground = left.shift(); ground; ground = left.shift()) await step(ground);
  };
  // Mostly waiting: two beside each other, which is why all three sanitizers are off.
  const step = (ground: Ground) => {
    const { kind, missing } = ground;
    const sanitizers = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };
    const name = missing ? `${kind}: skipped, ${missing}` : kind;
    return t.step({ name, ignore: missing !== undefined, fn: () => run(ground), ...sanitizers });
  };
  await Promise.all([worker(), worker()]);
});
