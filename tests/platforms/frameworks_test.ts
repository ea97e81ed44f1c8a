/** What Hono and h3 really do, so that the stand-ins elsewhere stay true. */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { processLifetime } from "@taskscope/taskscope";
import { detectLifetime } from "@taskscope/taskscope/platforms";
import { H3 } from "npm:h3@2.0.8";
import { Hono } from "npm:hono@4.13.19";
import { Ctx } from "./globals.ts";

Deno.test("Hono: the getter throws where there is no ctx, and detectLifetime() goes on to the process", async () => {
  const app = new Hono().get("/", (c) => {
    assertThrows(() => c.executionCtx, Error, "This context has no ExecutionContext");
    assertStrictEquals(detectLifetime(c), processLifetime());
    return c.text("ok");
  });
  assertEquals(await (await app.request("/")).text(), "ok");
});

Deno.test("Hono: detectLifetime() finds ctx, and what adapters put into env", async () => {
  const app = new Hono().get("/", (c) => c.text(detectLifetime(c).source ?? "the process"));
  const ctx = Object.assign(new Ctx(), { props: {} });
  const source = async (env: object, ctx?: never) => await (await app.request("/", {}, env, ctx)).text();
  assert((await source({}, ctx as never)).startsWith("cloudflare (http"));
  assert((await source({ context: { waitUntil() {}, site: {}, deploy: {} } })).startsWith("netlify (http"));
  assert((await source({ lambdaContext: { getRemainingTimeInMillis: () => 5_000 } })).startsWith("lambda (http"));
  assertEquals(await source({ incoming: {}, outgoing: {} }), "the process"); // @hono/node-server
});

Deno.test("h3: event.waitUntil() is silent where the request has none; detectLifetime() is not fooled", async () => {
  const app = new H3().get("/", (event) => {
    assertEquals(event.waitUntil(Promise.resolve()), undefined); // lost without a word
    return detectLifetime(event).source ?? "the process";
  });
  const ask = async (request: Request) => await (await app.fetch(request)).text();
  assertEquals(await ask(new Request("http://localhost/")), "the process");
  const held: unknown[] = [];
  const waitUntil = (work: unknown) => void held.push(work);
  const offered = Object.assign(new Request("http://localhost/"), { waitUntil });
  assert((await ask(offered)).startsWith("framework (http"));
  assertEquals(held.length, 1);
});
