/** A Supabase Edge Function; `EdgeRuntime` is a mock (facts 2.5: an object with waitUntil). */
import { assertEquals } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { supabaseLifetime } from "@taskscope/taskscope/supabase";

const held: Promise<unknown>[] = [];
const EdgeRuntime = { waitUntil: (work: Promise<unknown>) => (held.push(work), work) };
Object.assign(globalThis, { EdgeRuntime });

const log: string[] = [];
const handler = () =>
  TaskScope.run((scope) => {
    scope.spawnDetached((task) => task.sleep(10).then(() => log.push("audited")), { deadline: { seconds: 20 } });
    return new Response("started", { status: 202 });
  }, { lifetime: supabaseLifetime({ plan: "paid" }) });

const { status } = await handler();
await Promise.all(held);
assertEquals([status, log], [202, ["audited"]]);
console.log("answered 202, audited after the response");
