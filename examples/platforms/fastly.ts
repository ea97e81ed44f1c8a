/** A guest on Fastly Compute; its event is a mock (facts 2.6: waitUntil while the handler runs). */
import { assertEquals } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { fastlyLifetime } from "@taskscope/taskscope/fastly";

const held: Promise<unknown>[] = [];
const event = { waitUntil: (work: Promise<unknown>) => void held.push(work) };

const log: string[] = [];
const handler = () =>
  TaskScope.run((scope) => {
    scope.spawnDetached((task) => task.sleep(10).then(() => log.push("audited")), { deadline: { seconds: 20 } });
    return new Response("started", { status: 202 });
  }, { lifetime: fastlyLifetime(event) });

const { status } = await handler();
await Promise.all(held);
assertEquals([status, log], [202, ["audited"]]);
console.log("answered 202, audited after the response");
