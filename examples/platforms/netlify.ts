/** A function on Netlify; its context is a mock (facts 2.3: a second argument with waitUntil). */
import { assertEquals } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { netlifyLifetime } from "@taskscope/taskscope/netlify";

const held: Promise<unknown>[] = [];
const context = { waitUntil: (work: Promise<unknown>) => void held.push(work) };

const log: string[] = [];
const handler = () =>
  TaskScope.run((scope) => {
    scope.spawnDetached((task) => task.sleep(10).then(() => log.push("audited")), { deadline: { seconds: 20 } });
    return new Response("started", { status: 202 });
  }, { lifetime: netlifyLifetime(context) });

const { status } = await handler();
await Promise.all(held);
assertEquals([status, log], [202, ["audited"]]);
console.log("answered 202, audited after the response");
