/**
 * Next.js: `after` is a lifetime by the structural port. Give it the promise itself: Next hands that to the platform's
 * waitUntil at once, while a callback waits for the end of the response first.
 *
 * Next says no limit ("the platform's default or configured max duration of your route"): say yours as `deadline`, or a
 * task that asks for more than `maxDuration` is killed without a word. Outside of a request `after` throws, and so does
 * spawnDetached, before the task has started.
 *
 * `after` below is a stand-in for next/server's; it models Next 16.4 (server/after/after.js, after-context.js): it throws
 * outside of a request, takes a promise or a function, hands a promise to waitUntil, and swallows its rejection.
 */
import { assertEquals, assertThrows } from "@std/assert";
import { AsyncLocalStorage } from "node:async_hooks";
import { type Lifetime, LifetimeLimitError, LifetimeUnavailableError, TaskScope } from "@taskscope/taskscope";

export const maxDuration = 60; // seconds, of this route

/** The lifetime of a request that has just begun. */
function afterLifetime(started = Date.now()): Lifetime {
  const deadline = new Date(started + maxDuration * 1_000);
  return { waitUntil: (work) => after(work), deadline, source: `maxDuration, ${maxDuration} s` };
}

const log: string[] = [];

// app/upload/route.ts
export const POST = (_request: Request): Promise<Response> =>
  TaskScope.run((scope) => {
    scope.spawnDetached((task) => task.sleep(10).then(() => log.push("audited")), { deadline: { seconds: 20 } });
    assertThrows(() => scope.spawnDetached(() => {}, { deadline: { minutes: 2 } }), LifetimeLimitError, "maxDuration");
    return new Response("started", { status: 202 });
  }, { lifetime: afterLifetime() });

const requests = new AsyncLocalStorage<Promise<unknown>[]>();
function after(task: Promise<unknown>): void {
  const held = requests.getStore();
  if (!held) throw new Error("`after` was called outside a request scope.");
  held.push(task.catch(console.error));
}

const held: Promise<unknown>[] = [];
const { status } = await requests.run(held, () => POST(new Request("http://localhost/upload", { method: "POST" })));
assertEquals([status, held.length, log.length], [202, 1, 0]);
await Promise.all(held);
assertEquals(log, ["audited"]);

await using scope = new TaskScope({ lifetime: afterLifetime() });
assertThrows(() => scope.spawnDetached(() => {}, { deadline: 1_000 }), LifetimeUnavailableError);
console.log("audited after the response");
