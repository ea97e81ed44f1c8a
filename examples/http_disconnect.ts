/** A client that leaves cancels the work it waited for, and nothing else: what is detached goes on. */
import { assertEquals } from "@std/assert";
import { createServer } from "node:http";
import { type CancelReason, processLifetime } from "@taskscope/taskscope";
import { scoped } from "@taskscope/taskscope/http";
import { toNodeListener } from "@taskscope/taskscope/node";

const log: string[] = [];
const [started, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];

const server = createServer(toNodeListener(scoped(async (_request, scope) => {
  scope.spawnDetached((task) => task.abortable(ended.promise).then(() => log.push("audited")), { deadline: 20_000 });
  scope.defer(() => ended.resolve());
  started.resolve();
  try {
    await scope.sleep(60_000); // a slow query, say; a `fetch` is given scope.signal
  } finally {
    log.push((scope.signal.reason as CancelReason).kind);
  }
  return new Response("too late");
})));
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address() as { port: number };

const client = new AbortController();
const call = fetch(`http://127.0.0.1:${port}/`, { signal: client.signal }).catch(() => "left");
await started.promise;
client.abort();
assertEquals(await call, "left");
await ended.promise;
await processLifetime().drain({ deadline: { seconds: 5 } });
await new Promise((resolve) => server.close(resolve));

console.log(log.join(", then "));
assertEquals(log, ["disconnected", "audited"]);
