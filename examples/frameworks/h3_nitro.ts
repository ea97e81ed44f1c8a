/**
 * h3 and Nitro: hand the event to detectLifetime(). `event.waitUntil()` itself does nothing where the preset offers
 * nothing (Nitro 3.0: netlify, aws-lambda, azure, deno), and says nothing; what counts is `event.req.waitUntil`.
 */
import { assert, assertEquals } from "@std/assert";
import { defineHandler, H3 } from "npm:h3@2.0.8";
import { processLifetime, TaskScope } from "@taskscope/taskscope";
import { detectLifetime } from "@taskscope/taskscope/platforms";

const log: string[] = [];

export const upload = defineHandler((event) => {
  const lifetime = detectLifetime(event);
  return TaskScope.run((scope) => {
    scope.spawnDetached((task) => task.sleep(10).then(() => log.push("audited")), { deadline: { seconds: 20 } });
    return new Response(lifetime.source ?? "the process", { status: 202 });
  }, { lifetime });
});

const app = new H3().post("/upload", upload);
const request = () => new Request("http://localhost/upload", { method: "POST" });

// On a server whose adapter offers waitUntil, as srvx does on Node and Nitro's presets for Cloudflare and Vercel do.
const held: Promise<unknown>[] = [];
const waitUntil = (work: Promise<unknown>) => void held.push(work);
const answer = await app.fetch(Object.assign(request(), { waitUntil }));
assertEquals([answer.status, held.length, log.length], [202, 1, 0]);
await Promise.all(held);
assertEquals(log, ["audited"]);

// On one that offers nothing: event.waitUntil would lose the work, the process keeps it.
const onProcess = await app.fetch(request());
assertEquals(await onProcess.text(), "the process");
const { completed } = await processLifetime().drain({ deadline: { seconds: 5 } });
assert(completed === 1 && log.length === 2);
console.log("audited twice: held by the adapter, and by the process");
