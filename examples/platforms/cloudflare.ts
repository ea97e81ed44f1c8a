/** A Worker on Cloudflare; `ctx` is a mock here (facts 2.1: bound calls, 30 s), tests/platforms/worker.ts is the real one. */
import { assertEquals } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { cloudflareLifetime, type WaitUntilHost } from "@taskscope/taskscope/cloudflare";

const log: string[] = [];
const worker = {
  fetch: (_request: Request, _env: unknown, ctx: WaitUntilHost) =>
    TaskScope.run((scope) => {
      scope.spawnDetached((task) => task.sleep(10).then(() => log.push("audited")), { deadline: { seconds: 20 } });
      return new Response("started", { status: 202 });
    }, { lifetime: cloudflareLifetime(ctx) }),
};

const held: Promise<unknown>[] = [];
const ctx = { waitUntil: (work: Promise<unknown>) => void held.push(work) };
const { status } = await worker.fetch(new Request("http://localhost/"), {}, ctx);
await Promise.all(held);
assertEquals([status, log], [202, ["audited"]]);
console.log("answered 202, audited after the response");
