/** Cloudflare Queues on workerd, with everything that an engine has to do. */
import type { ConsumeOptions, DeadLetter, Delivery, Engine, Verdict } from "../../src/durable/engine.ts";
import { startHost } from "./cloudflare_miniflare.ts";
import { type EngineCapabilities, engineCases, testEngine } from "./engine_cases.ts";

const queues = Array.from({ length: 60 }, (_, index) => `Q${index}`); // one a case
const host = await startHost({ script: "tests/durable/cloudflare_bridge.ts", queues });
Deno.test.afterAll(() => host.stop());

type Receive = (delivery: Delivery) => Promise<Verdict>;

/** Deliveries wait here for a worker: Cloudflare pushes, the cases pull. */
class Desk {
  readonly letters: DeadLetter[] = [];
  readonly #waiting: { delivery: Delivery; answer: (verdict: Verdict) => void }[] = [];
  readonly #answers: ((verdict: Verdict) => void)[] = [];
  #worker: { receive: Receive; options: ConsumeOptions; active: Set<Promise<void>> } | undefined;

  readonly answer = async (request: Request): Promise<Response> => {
    if (request.url.endsWith("/dead")) return Response.json(this.letters.push(await request.json()));
    const { promise, resolve: answer } = Promise.withResolvers<Verdict>();
    this.#answers.push(answer);
    this.#waiting.push({ delivery: await request.json(), answer });
    this.#pump();
    return Response.json(await promise);
  };

  consume(receive: Receive, options: ConsumeOptions) {
    const worker = { receive, options, active: new Set<Promise<void>>() };
    this.#worker = worker;
    this.#pump();
    const stop = async () => {
      if (this.#worker === worker) this.#worker = undefined;
      await Promise.all(worker.active);
    };
    return Promise.resolve({ stop });
  }

  /** Nobody works here any more. */
  close(): void {
    for (const answer of this.#answers) answer({ kind: "done" });
  }

  #pump(): void {
    const worker = this.#worker;
    while (worker && worker.active.size < worker.options.concurrency) {
      const next = this.#waiting.shift();
      if (!next) return;
      const work = worker.receive(next.delivery).then(next.answer).finally(() => {
        worker.active.delete(work);
        this.#pump();
      });
      worker.active.add(work);
    }
  }
}

async function make(records?: "kv" | "durable-object") {
  const queue = queues.shift();
  async function call<T>(path: string, ...args: unknown[]): Promise<T> {
    const response = await fetch(`${host.url}/${queue}/${path}`, { method: "POST", body: JSON.stringify(args) });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return JSON.parse(text) as T;
  }
  const desk = new Desk();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, desk.answer);
  await call("test", { url: `http://127.0.0.1:${server.addr.port}`, records });
  const engine: Engine = {
    name: "cloudflare-queues",
    maxBytes: 125_000,
    enqueue: ({ key, body, deadline }) => call("enqueue", key, body, deadline),
    consume: (receive, options) => desk.consume(receive, options),
    async *deadLetters() {
      yield* desk.letters;
    },
    records: {
      get: async (key) => await call<string | null>("records/get", key) ?? undefined,
      set: (key, value, ttl, onlyIfAbsent) => call("records/set", key, value, ttl, onlyIfAbsent ?? false),
      delete: (key) => call("records/delete", key),
    },
  };
  const close = async () => {
    desk.close();
    await server.shutdown();
  };
  return { engine, call, desk, close };
}

const none: EngineCapabilities = {
  deduplicates: false, // of two that are sent at the same moment; the rest has a test of its own
  removes: false,
  extends: false,
  leases: false,
  freeGiveBack: true,
  deadLetters: true,
  records: false,
  atomicRecords: false,
  waited: true,
};

testEngine("cloudflare-queues", { make, capabilities: none, timing: { delay: 1_000 } });

function testRecords(place: "kv" | "durable-object"): void {
  const capabilities = { ...none, records: true, atomicRecords: place === "durable-object" };
  for (const { name, needs = [], run } of engineCases.filter(({ needs = [] }) => needs.includes("records"))) {
    if (needs.every((need) => capabilities[need])) {
      Deno.test(`cloudflare-queues with ${place}: ${name}`, async () => {
        const made = await make(place);
        try {
          await run({ ...made, capabilities, timing: { lease: 100, delay: 1_000, early: 0, patience: 15_000 } });
        } finally {
          await made.close();
        }
      });
    }
  }
}

testRecords("kv");
testRecords("durable-object");
