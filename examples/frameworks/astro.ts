/**
 * Astro: an endpoint hands its APIContext to detectLifetime(). The adapters put the host into `locals`: Cloudflare's
 * `cfContext` (before version 13: `runtime.ctx`), Netlify's `netlify.context`; on the Node adapter there is nothing, and
 * the lifetime is the process.
 *
 * The type is the part of Astro 7.3's APIContext that is used; the contexts below are stand-ins for what adapters make.
 */
import { assertEquals } from "@std/assert";
import { processLifetime, TaskScope } from "@taskscope/taskscope";
import { detectLifetime } from "@taskscope/taskscope/platforms";

interface APIContext {
  readonly request: Request;
  readonly url: URL;
  readonly locals: object; // App.Locals
}

const log: string[] = [];

// src/pages/upload.ts
export const POST = (context: APIContext): Promise<Response> =>
  TaskScope.run((scope) => {
    scope.spawnDetached((task) => task.sleep(10).then(() => log.push("audited")), { deadline: { seconds: 20 } });
    return new Response("started", { status: 202 });
  }, { lifetime: detectLifetime(context), name: `POST ${context.url.pathname}` });

const held: Promise<unknown>[] = [];
const host = { waitUntil: (work: Promise<unknown>) => void held.push(work), passThroughOnException() {} };
const url = new URL("http://localhost/upload");
for (const locals of [{ cfContext: host }, { runtime: { ctx: host } }, { netlify: { context: host } }, {}]) {
  assertEquals((await POST({ request: new Request(url, { method: "POST" }), url, locals })).status, 202);
}
assertEquals([held.length, log.length], [3, 0]);
await Promise.all(held);
await processLifetime().drain({ deadline: { seconds: 5 } });
assertEquals(log.length, 4);
console.log("audited four times: twice on Cloudflare, on Netlify, on Node");
