/** A guest on Fastly Compute, on a simulated host: the event has `waitUntil` while the handler runs. */
import { assertEquals } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { fastlyLifetime } from "@taskscope/taskscope/fastly";
import { assertNothingPending, SimulatedHost } from "@taskscope/taskscope/testing";

const log: string[] = [];
type FetchEvent = Parameters<typeof fastlyLifetime>[0];
const handler = (_request: Request, event: FetchEvent) =>
  TaskScope.run((scope) => {
    scope.spawnDetached((task) => task.sleep(10).then(() => log.push("audited")), { deadline: { seconds: 20 } });
    return new Response("started", { status: 202 });
  }, { lifetime: fastlyLifetime(event) });

using host = new SimulatedHost("fastly");
const call = host.fetch(handler);
const { status } = await call.response;
assertEquals([status, log], [202, []]);
await host.settled();
assertEquals(log, ["audited"]);
assertNothingPending(host);
console.log("answered 202, audited after the response");
