/** A Worker that tests itself, for `workerd test`: run by workerd_test.ts. */
import { TaskScope } from "@taskscope/taskscope";
import { cloudflareGlobalLifetime } from "@taskscope/taskscope/cloudflare/global";
import { detectLifetime } from "@taskscope/taskscope/platforms";

interface Env {
  readonly SELF: { fetch(url: string): Promise<Response> };
}
interface Ctx {
  waitUntil(work: Promise<unknown>): void;
}

const done: string[] = [];

export default {
  async fetch(request: Request, env: Env, ctx: Ctx): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/done") return new Response(done.join());
    if (pathname === "/unbound") {
      const { waitUntil } = ctx;
      try {
        waitUntil(Promise.resolve());
        return new Response("accepted");
      } catch (error) {
        return new Response(String(error));
      }
    }
    const lifetime = pathname === "/global" ? await cloudflareGlobalLifetime() : detectLifetime(request, env, ctx);
    return await TaskScope.run((scope) => {
      scope.spawnDetached((task) => task.sleep(50).then(() => done.push(pathname)), { deadline: { seconds: 20 } });
      return new Response(lifetime.source, { status: 202 });
    }, { lifetime });
  },

  async test(_controller: unknown, { SELF }: Env): Promise<void> {
    const text = async (path: string) => await (await SELF.fetch(`http://worker${path}`)).text();
    const unbound = await text("/unbound");
    if (!unbound.includes("Illegal invocation")) throw new Error(`unbound: ${unbound}`);
    for (const path of ["/ctx", "/global"]) {
      const source = await text(path);
      if (!source.startsWith("cloudflare (http: 30000 ms")) throw new Error(`source of ${path}: ${source}`);
      if (done.includes(path)) throw new Error(`${path} was not detached`);
    }
    // The two are independent: which ends first is nobody's promise.
    for (let tries = 0; tries < 100 && (await text("/done")).split(",").length < 2; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (`${done.toSorted()}` !== "/ctx,/global") throw new Error(`done: ${done}`);
    console.log("the detached tasks ended after their responses");
  },
};
