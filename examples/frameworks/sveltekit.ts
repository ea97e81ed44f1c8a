/**
 * SvelteKit: `handle` of src/hooks.server.ts opens a scope a request. `event.platform` is the adapter's: adapter-cloudflare
 * puts `ctx` there, adapter-netlify `context`; on adapter-node it is undefined, and the lifetime is the process.
 *
 * The types are the part of SvelteKit 3.2's RequestEvent and Handle (@sveltejs/kit/hooks) that is used: there, write
 * `export const handle: Handle = …`. `resolve` is a stand-in for its router.
 */
import { assertEquals } from "@std/assert";
import { processLifetime, TaskScope } from "@taskscope/taskscope";
import { detectLifetime } from "@taskscope/taskscope/platforms";

interface RequestEvent {
  readonly request: Request;
  readonly url: URL;
  readonly platform: unknown; // Readonly<App.Platform> | undefined
  readonly locals: { scope?: TaskScope }; // App.Locals
}
interface Input<Event> {
  readonly event: Event;
  readonly resolve: (event: Event) => Promise<Response> | Response;
}

export function handle<Event extends RequestEvent>({ event, resolve }: Input<Event>): Promise<Response> {
  return TaskScope.run((scope) => {
    event.locals.scope = scope;
    return resolve(event);
  }, { lifetime: detectLifetime(event), name: `${event.request.method} ${event.url.pathname}` });
}

// src/routes/upload/+server.ts
const log: string[] = [];
const POST = ({ locals }: RequestEvent): Promise<Response> => {
  locals.scope?.spawnDetached((task) => task.sleep(10).then(() => log.push(`audited ${task.path}`)), {
    deadline: { seconds: 20 },
    name: "audit",
  });
  return Promise.resolve(new Response("started", { status: 202 }));
};

const held: Promise<unknown>[] = [];
const context = { waitUntil: (work: Promise<unknown>) => void held.push(work), passThroughOnException() {} };
const url = new URL("http://localhost/upload");
for (const platform of [{ ctx: context, env: {} }, { context }, undefined]) {
  const event = { request: new Request(url, { method: "POST" }), url, platform, locals: {} };
  assertEquals((await handle({ event, resolve: POST })).status, 202);
}
assertEquals([held.length, log.length], [2, 0]);
await Promise.all(held);
await processLifetime().drain({ deadline: { seconds: 5 } });
assertEquals(log, Array(3).fill("audited POST /upload/audit"));
console.log("audited three times: on Cloudflare, on Netlify, on Node");
