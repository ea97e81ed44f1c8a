/** A function on Netlify, on a simulated host: the second argument has `waitUntil`. */
import { assertEquals } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { netlifyLifetime } from "@taskscope/taskscope/netlify";
import { assertNothingPending, SimulatedHost } from "@taskscope/taskscope/testing";

const log: string[] = [];
type Context = Parameters<typeof netlifyLifetime>[0];
const handler = (_request: Request, context: Context) =>
  TaskScope.run((scope) => {
    scope.spawnDetached((task) => task.sleep(10).then(() => log.push("audited")), { deadline: { seconds: 20 } });
    return new Response("started", { status: 202 });
  }, { lifetime: netlifyLifetime(context) });

using host = new SimulatedHost("netlify");
const call = host.fetch(handler);
const { status } = await call.response;
assertEquals([status, log], [202, []]);
await host.settled();
assertEquals(log, ["audited"]);
assertNothingPending(host);
console.log("answered 202, audited after the response");
