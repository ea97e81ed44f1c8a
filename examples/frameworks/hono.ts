/**
 * Hono, the same file on Deno, Bun, Node and workerd: hand `c` to detectLifetime(). It finds `c.executionCtx` on
 * Cloudflare, and survives that the getter throws where the host has none: there the lifetime is the process.
 */
import { assertEquals } from "@std/assert";
import { Hono } from "npm:hono@4.13.19";
import { createMiddleware } from "npm:hono@4.13.19/factory";
import { processLifetime, TaskScope } from "@taskscope/taskscope";
import { detectLifetime } from "@taskscope/taskscope/platforms";

/** A scope a request; what the handler spawns in it is over before the answer, what it detaches is not. */
const inScope = createMiddleware<{ Variables: { scope: TaskScope } }>((c, next) =>
  TaskScope.run((scope) => {
    c.set("scope", scope);
    return next();
  }, { lifetime: detectLifetime(c), name: `${c.req.method} ${c.req.path}` })
);

export const log: string[] = [];

export const app = new Hono()
  .post("/upload", inScope, (c) => {
    const task = c.get("scope").spawnDetached((task) => task.sleep(10).then(() => log.push(`audited ${task.path}`)), {
      deadline: { seconds: 20 },
      name: "audit",
    });
    return c.text(`started ${task.name}`, 202);
  })
  .get("/log", (c) => c.text(log.join()));

if (import.meta.main) {
  const onProcess = await app.request("/upload", { method: "POST" });
  assertEquals([onProcess.status, await onProcess.text(), log.length], [202, "started audit", 0]);
  await processLifetime().drain({ deadline: { seconds: 5 } });

  // As on Cloudflare, which passes ctx as the third argument of fetch.
  const held: Promise<unknown>[] = [];
  const ctx = { waitUntil: (work: Promise<unknown>) => void held.push(work), passThroughOnException() {}, props: {} };
  await app.fetch(new Request("http://localhost/upload", { method: "POST" }), {}, ctx);
  assertEquals(held.length, 1);
  await Promise.all(held);
  assertEquals(log, ["audited POST /upload/audit", "audited POST /upload/audit"]);
  console.log("audited twice: held by the process, and by ctx");
}
