/**
 * A server for soak.ts, on Deno, Bun or Node: each request has two attached tasks and a detached one, and a ledger knows
 * what became of every one of them. `/stats` collects the garbage and reports.
 */
import { createServer } from "node:http";
import { type CancelReason, type Counters, type Outcome, processLifetime, type TaskScope } from "@taskscope/taskscope";
import { scoped, type ScopedOptions } from "@taskscope/taskscope/http";
import { toNodeListener } from "@taskscope/taskscope/node";
import type { Stats } from "./stats.ts";

interface Host {
  readonly gc?: () => void;
  readonly Deno?: typeof Deno;
  readonly Bun?: {
    gc(force: boolean): void;
    serve(options: { port: number; hostname: string; fetch: Handler; idleTimeout: number }): { readonly port: number };
  };
  readonly process: {
    memoryUsage(): { heapUsed: number };
    on(event: string, listener: (event: unknown) => void): void;
  };
}

type Handler = (request: Request) => Response | Promise<Response>;

const host = globalThis as unknown as Host;
const NONE = { spawned: 0, succeeded: 0, failed: 0, canceled: 0, abandoned: 0 };

/** By the kind of request: how many began, and how their scopes ended. */
const requests: Stats["requests"] = {};
/** What the tasks themselves say: how many functions ran, and ran to an end of whatever kind. */
const bodies = { started: 0, ended: 0 };
/** What the observer is told of each task. */
const attached = { ...NONE };
const detached = { ...NONE };
/** What `scope.counters` of each request says in the end. */
const counters = { ...NONE };
const wrong: string[] = [];
let thrown = 0;
let reported = 0;

for (const event of ["unhandledRejection", "uncaughtException", "warning"]) {
  host.process.on(event, (what) => wrong.push(`${event}: ${what}`));
}

const REASON = new Error("on purpose");

const options: ScopedOptions = {
  observer: {
    onSpawn: ({ name }) => ledgerOf(name).spawned++,
    onSettle: ({ name }, { state }: Outcome<unknown>) => ledgerOf(name)[state]++,
    onError: (error) => error === REASON ? reported++ : wrong.push(`reported: ${error}`),
  },
  onError: (error) => wrong.push(`request: ${error}`),
};

function ledgerOf(name: string): typeof NONE {
  return name === "detached" ? detached : attached;
}

/** A function whose end the ledger knows of, however it ends. */
function counted(body: (task: TaskScope) => Promise<unknown>): (task: TaskScope) => Promise<unknown> {
  return async (task) => {
    bodies.started++;
    try {
      return await body(task);
    } finally {
      bodies.ended++;
    }
  };
}

const handler = scoped((request, scope) => {
  const { pathname, searchParams } = new URL(request.url);
  const parts = Number(searchParams.get("parts"));
  const kind = requests[pathname] ??= { started: 0, open: 0, disconnected: 0, other: 0 };
  kind.started++;
  scope.defer(() => {
    const { reason } = scope.tree();
    if (!reason) kind.open++;
    else if (reason.kind === "disconnected") kind.disconnected++;
    else kind.other++;
    add(scope.counters);
  });
  scope.spawnDetached(counted((task) => afterwards(task, searchParams.has("reject"))), {
    name: "detached",
    deadline: { seconds: 30 },
  });
  const isEndless = pathname === "/slow" || pathname === "/endless";
  // Until the client has left; or until the body has been sent and some time more; or at once.
  const time = isEndless ? 60_000 : pathname === "/stream" ? 10 : 0;
  const work = (task: TaskScope) => task.sleep(time);
  scope.spawn(counted(work), { name: "attached" });
  scope.spawn(counted(work), { name: "attached", deadline: { minutes: 10 } });
  if (pathname === "/plain" || pathname === "/slow") return new Response("plain");
  return new Response(stream(scope, isEndless ? Infinity : parts));
}, options);

async function afterwards(task: TaskScope, isRejected: boolean): Promise<void> {
  await task.sleep(2);
  if (task.signal.aborted) wrong.push(`detached: ${(task.signal.reason as CancelReason).kind}`);
  if (!isRejected) return;
  thrown++;
  throw REASON;
}

function add({ running, queued, ...ended }: Counters): void {
  if (running + queued > 0) wrong.push(`a scope ended with ${running} running and ${queued} queued`);
  for (const key of Object.keys(NONE) as (keyof typeof NONE)[]) counters[key] += ended[key];
}

function stream(scope: TaskScope, parts: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const part = new TextEncoder().encode("part ");
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      if (sent++ === parts) return controller.close();
      await scope.sleep(1);
      controller.enqueue(part);
    },
  }, { highWaterMark: 0 });
}

async function stats(): Promise<Response> {
  const { pending } = processLifetime();
  const report: Stats = { requests, bodies, attached, detached, counters, thrown, reported, wrong, pending, heap: 0 };
  if (pending === 0) report.heap = await liveHeap();
  return Response.json(report);
}

async function liveHeap(): Promise<number> {
  let least = Infinity;
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5)); // finalizers run between turns
    if (host.Bun) host.Bun.gc(true);
    else host.gc?.();
    least = Math.min(least, host.process.memoryUsage().heapUsed);
  }
  return least;
}

const fetch: Handler = (request) => request.url.endsWith("/stats") ? stats() : handler(request);
const listening = (port: number) => console.log(`listening ${port}`);
const hostname = "127.0.0.1";

if (host.Bun) {
  listening(host.Bun.serve({ port: 0, hostname, fetch, idleTimeout: 60 }).port);
} else if (host.Deno) {
  host.Deno.serve({ port: 0, hostname, onListen: ({ port }) => listening(port) }, fetch);
} else {
  const server = createServer(toNodeListener(fetch));
  server.listen(0, hostname, () => listening((server.address() as { port: number }).port));
}
