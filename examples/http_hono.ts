/** Hono: one middleware, and each handler has the scope of its request. */
import { assertEquals } from "@std/assert";
import { Hono } from "hono";
import { processLifetime, type TaskScope } from "@taskscope/taskscope";
import { scopedMiddleware } from "@taskscope/taskscope/http";

const log: string[] = [];
const app = new Hono<{ Variables: { scope: TaskScope } }>();
app.use(scopedMiddleware({ deadline: { seconds: 2 } }));

app.get("/page", async (c) => {
  const scope = c.get("scope");
  const user = scope.spawn(() => Promise.resolve("Ada"));
  const posts = scope.spawn(() => Promise.resolve(3));
  scope.spawnDetached((task) => task.sleep(10).then(() => log.push("audited")), { deadline: { seconds: 20 } });
  return c.text(`${await user}: ${await posts} posts`);
});

app.get("/slow", async (c) => {
  const upstream = c.get("scope").spawn((task) => task.sleep(60_000), { deadline: 5, name: "upstream" });
  await upstream;
  return c.text("never");
});
app.onError((error, c) => c.text(error.name, 502)); // the answer; what else the request had begun is canceled

const page = await app.request("/page");
const slow = await app.request("/slow");
console.log(await page.clone().text(), slow.status);
assertEquals([await page.text(), slow.status, await slow.text()], ["Ada: 3 posts", 502, "TimeoutError"]);
await processLifetime().drain({ deadline: { seconds: 5 } });
assertEquals(log, ["audited"]);
