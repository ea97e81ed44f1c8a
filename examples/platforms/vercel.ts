/** A function on Vercel; its request context is a mock (facts 2.2: a symbol, with the deadline). */
import { assertEquals } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { vercelLifetime } from "@taskscope/taskscope/vercel";

const held: Promise<unknown>[] = [];
const context = {
  waitUntil: (work: Promise<unknown>) => void held.push(work),
  deadline: new Date(Date.now() + 300_000).toISOString(),
};
Object.assign(globalThis, { [Symbol.for("@vercel/request-context")]: { get: () => context } });

const log: string[] = [];
const handler = () =>
  TaskScope.run((scope) => {
    scope.spawnDetached((task) => task.sleep(10).then(() => log.push("audited")), { deadline: { seconds: 20 } });
    return new Response("started", { status: 202 });
  }, { lifetime: vercelLifetime() });

const { status } = await handler();
await Promise.all(held);
assertEquals([status, log], [202, ["audited"]]);
console.log("answered 202, audited after the response");
