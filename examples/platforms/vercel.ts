/** A function on Vercel, on a simulated host: its request context is behind a symbol. */
import { assertEquals } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { vercelLifetime } from "@taskscope/taskscope/vercel";
import { assertNothingPending, SimulatedHost } from "@taskscope/taskscope/testing";

const log: string[] = [];
const handler = () =>
  TaskScope.run((scope) => {
    scope.spawnDetached((task) => task.sleep(10).then(() => log.push("audited")), { deadline: { seconds: 20 } });
    return new Response("started", { status: 202 });
  }, { lifetime: vercelLifetime() });

using host = new SimulatedHost("vercel");
const call = host.fetch(handler);
const { status } = await call.response;
assertEquals([status, log], [202, []]);
await host.settled();
assertEquals(log, ["audited"]);
assertNothingPending(host);
console.log("answered 202, audited after the response");
