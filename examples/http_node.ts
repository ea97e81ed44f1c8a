/** Plain `http` on Node: toNodeListener() makes a listener of a scoped handler. Runs on Node, Deno and Bun. */
import { assertEquals } from "@std/assert";
import { createServer } from "node:http";
import { processLifetime } from "@taskscope/taskscope";
import { detachRequest, scoped } from "@taskscope/taskscope/http";
import { toNodeListener } from "@taskscope/taskscope/node";

const stored: string[] = [];

const server = createServer(toNodeListener(scoped(async (request, scope) => {
  const copied = Promise.withResolvers<void>();
  scope.spawnDetached(async (task) => {
    const copy = await detachRequest(request, task).finally(copied.resolve);
    stored.push(await copy.text());
  }, { deadline: { minutes: 10 }, name: "store" });
  await copied.promise;
  return Response.json({ status: "started" }, { status: 202 });
}, { deadline: { seconds: 5 } })));

await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address() as { port: number };
const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "hello" });
console.log(response.status, await response.json());
assertEquals(response.status, 202);

await new Promise((resolve) => server.close(resolve));
await processLifetime().drain({ deadline: { seconds: 5 } }); // a service has nodeLifetime(), which drains on SIGTERM
console.log(`stored: ${stored}`);
assertEquals(stored, ["hello"]);
