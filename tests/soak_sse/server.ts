/** The server of clients.ts: operations that go on until they are told to end, and what the process holds. */
import { counts } from "./counts.ts";
import { processLifetime } from "@taskscope/taskscope";
import { scoped } from "@taskscope/taskscope/http";
import { memoryStore, Operations } from "@taskscope/taskscope/operations";

/** Answer of `GET /held`. */
export interface Held {
  /** Live heap, in bytes, after a collection. */
  readonly heap: number;
  /** Everything that is held for somebody: zero of each when nobody is there. */
  readonly counts: Readonly<Record<string, number>>;
}

const { gc } = globalThis as { gc?: () => void };
const TICK = 25; // between two changes of an operation, in milliseconds

const store = memoryStore();
let watchers = 0;
const operations = new Operations({
  store: {
    ...bound(store),
    watch(key, onChange) {
      watchers++;
      const stop = store.watch?.(key, onChange);
      return () => {
        watchers--;
        stop?.();
      };
    },
  },
  limits: { progressInterval: TICK },
});
let over = Promise.withResolvers<void>();

/** The methods of a store are on its class. */
function bound({ atomic }: typeof store): typeof store {
  return {
    atomic,
    get: (key) => store.get(key),
    create: (key, entry) => store.create(key, entry),
    compareAndSet: (key, version, entry) => store.compareAndSet(key, version, entry),
    delete: (key) => store.delete(key),
    count: (group) => store.count(group),
    list: () => store.list(),
  };
}

async function held(): Promise<Held> {
  let heap = Infinity;
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20)); // finalizers run between turns
    gc?.();
    heap = Math.min(heap, Deno.memoryUsage().heapUsed);
  }
  const { pending } = processLifetime();
  return { heap, counts: { ...operations.counters, pending, watchers, ...counts() } };
}

/** Without a scope: what is counted must not be the counting. */
async function answerHeld(): Promise<Response> {
  return Response.json(await held());
}

const handler = scoped(async (request, scope) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/end") {
    over.resolve();
    over = Promise.withResolvers();
    return new Response(null, { status: 204 });
  }
  return await operations.handle(request) ??
    await operations.start(scope, { name: "soak", request, deadline: { minutes: 2 } }, async (task, _, progress) => {
      let isOver = false;
      void over.promise.then(() => isOver = true);
      for (let tick = 0; !isOver; tick++) {
        progress(tick % 1_000 / 1_000, `tick ${tick}`);
        await task.sleep(TICK);
      }
    });
});

const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen() {} },
  (request) => new URL(request.url).pathname === "/held" ? answerHeld() : handler(request),
);
console.log(server.addr.port);
