/** Hono: hand over its context. Its `executionCtx` throws where the host has none; a mock of both kinds of context. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { processLifetime, TaskScope } from "@taskscope/taskscope";
import { detectLifetime } from "@taskscope/taskscope/platforms";

const log: string[] = [];
const handler = (c: { readonly executionCtx: unknown }) =>
  TaskScope.run((scope) => {
    scope.spawnDetached((task) => task.sleep(10).then(() => log.push("audited")), { deadline: { seconds: 20 } });
    return new Response("started", { status: 202 });
  }, { lifetime: detectLifetime(c) });

const held: Promise<unknown>[] = [];
await handler({ executionCtx: { waitUntil: (work: Promise<unknown>) => void held.push(work) } });
await Promise.all(held);

const onNode = {
  get executionCtx(): never {
    throw new Error("This context has no ExecutionContext");
  },
};
assertStrictEquals(detectLifetime(onNode), processLifetime());
await handler(onNode);
await processLifetime().drain({ deadline: { seconds: 5 } });
assertEquals(log, ["audited", "audited"]);
console.log("audited twice: held by the host, and by the process");
