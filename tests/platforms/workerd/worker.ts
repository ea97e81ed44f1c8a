/** A Worker that tests itself, for `workerd test`: run by workerd_test.ts with and without `enable_request_signal`. */
import { type CancelReason, type Observer, TaskScope } from "@taskscope/taskscope";
import { cloudflareLifetime, type PlatformLifetime } from "@taskscope/taskscope/cloudflare";
import { cloudflareGlobalLifetime } from "@taskscope/taskscope/cloudflare/global";
import { detectLifetime } from "@taskscope/taskscope/platforms";
// @ts-types="./runtime.d.ts"
import { DurableObject } from "cloudflare:workers";
import { check, type Ctx, type Env, type Stub, until, untilAnswer } from "./driver.ts";

const log: string[] = [];
const seconds = 20;

/** Detached work that ends 50 ms after the answer, and one that fails. */
function detach(scope: TaskScope, name: string): void {
  scope.spawnDetached((task) => task.sleep(50).then(() => log.push(name)), { deadline: { seconds } });
  scope.spawnDetached(() => {
    throw new Error("boom");
  }, { deadline: { seconds }, name: "failing" });
}

const observer: Observer = { onError: (error) => void log.push(String(error)) };

export class Room extends DurableObject {
  fetch(request: Request): Promise<Response> {
    const isAlarm = new URL(request.url).pathname === "/alarm";
    const lifetime = cloudflareLifetime(this.ctx, isAlarm ? { trigger: "alarm" } : {});
    return TaskScope.run((scope) => {
      scope.spawnDetached((task) => task.sleep(50).then(() => log.push("durable object")), {
        deadline: { minutes: isAlarm ? 14 : 60 },
      });
      return new Response(lifetime.source);
    }, { lifetime });
  }
}

async function answer(request: Request, env: Env, ctx: Ctx): Promise<Response> {
  const { pathname } = new URL(request.url);
  const lifetime =
    (pathname === "/global" ? await cloudflareGlobalLifetime() : detectLifetime(request, env, ctx)) as PlatformLifetime;
  const run = (body: (scope: TaskScope) => Response | Promise<Response>) =>
    TaskScope.run(body, { lifetime, observer, signal: request.signal });
  switch (pathname) {
    case "/unbound": {
      const { waitUntil } = ctx;
      waitUntil(Promise.resolve());
      return new Response("accepted");
    }
    case "/disconnects":
      return new Response(lifetime.disconnects);
    case "/latch": // nothing is pending but promises: only the timer of the deadline holds the context
      return await run((scope) => {
        scope.spawnDetached((task) => task.abortable(new Promise(() => {})), { deadline: 300, name: "latch" });
        return new Response("started");
      });
    case "/attached-latch":
      return await run((scope) => {
        scope.spawn((task) => task.abortable(new Promise(() => {})), { deadline: 300 });
        return new Response();
      }).catch((error: Error) => new Response(error.name));
    case "/hung": // what the host makes of one that has no timer
      await new Promise(() => {});
      return new Response();
    case "/disconnect":
      return await run(async (scope) => {
        scope.spawnDetached((task) => task.sleep(300).then(() => log.push("detached ended")), {
          deadline: { seconds },
        });
        scope.spawn(async (task) => {
          log.push("attached started");
          await task.sleep(200).catch((reason: CancelReason) => {
            log.push(`attached canceled: ${reason.name}`);
            throw reason;
          });
          log.push("attached ended");
        });
        await scope.sleep(1_000);
        return new Response("too late");
      });
    default:
      return await run((scope) => {
        detach(scope, pathname);
        return new Response(lifetime.source, { status: 202 });
      });
  }
}

export default {
  fetch: (request: Request, env: Env, ctx: Ctx): Promise<Response> => answer(request, env, ctx),

  async scheduled(controller: unknown, env: Env, ctx: Ctx): Promise<void> {
    const lifetime = detectLifetime(controller, env, ctx);
    await TaskScope.run((scope) => detach(scope, lifetime.source ?? ""), { lifetime, observer });
  },

  async queue(batch: { queue: string; ackAll(): void }, env: Env, ctx: Ctx): Promise<void> {
    if (batch.queue === "raw") return ctx.waitUntil(Promise.reject(new Error("raw")));
    const lifetime = detectLifetime(batch, env, ctx);
    await TaskScope.run((scope) => detach(scope, lifetime.source ?? ""), { lifetime, observer });
    batch.ackAll();
  },

  async test(_controller: unknown, { SELF, OLD, HONO, ROOMS, TELLS }: Env): Promise<void> {
    const text = async (path: string) => await (await SELF.fetch(`http://worker${path}`)).text();
    const step = (name: string, run: () => Promise<void>) => check(name, run, log);
    const has = (line: string) => () => log.some((each) => each.startsWith(line));

    await step("an unbound waitUntil is refused by the host", async () => {
      const failed = await SELF.fetch("http://worker/unbound").then((response) => response.text(), String);
      if (!failed.includes("Illegal invocation")) throw new Error(failed);
    });
    for (const path of ["/ctx", "/global"]) {
      await step(`${path}: detached work ends after the response, a failure is reported once`, async () => {
        log.length = 0;
        const source = await text(path);
        if (!source.startsWith("cloudflare (http: 30000 ms")) throw new Error(source);
        if (log.includes(path)) throw new Error("it was not detached");
        await until(has(path));
        if (`${log}` !== `Error: boom,${path}`) throw new Error(`${log}`);
      });
    }
    await step("the lifetime says whether disconnects are told", async () => {
      const told = await text("/disconnects");
      if (told !== (TELLS ? "told" : "not told")) throw new Error(told);
    });
    await step("without a timer behind it the host calls a request hung", async () => {
      const failed = await SELF.fetch("http://worker/hung").then((response) => response.text(), String);
      if (!failed.includes("hung")) throw new Error(failed);
    });
    await step(
      "a detached task that waits for nothing but a promise is ended by its deadline, not as hung",
      async () => {
        log.length = 0;
        await text("/latch");
        await until(has("TimeoutError"));
      },
    );
    await step("an attached task too", async () => {
      const name = await text("/attached-latch");
      if (name !== "TimeoutError") throw new Error(name);
    });
    await step("a queue's batch fails by a rejection given to waitUntil", async () => {
      const { outcome } = await SELF.queue("raw", []);
      if (outcome !== "exception") throw new Error(outcome);
    });
    await step("a queue's batch does not fail by a detached task", async () => {
      log.length = 0;
      const { outcome, ackAll } = await SELF.queue("mail", [{ id: "1", timestamp: new Date(), body: 1, attempts: 1 }]);
      if (outcome !== "ok" || !ackAll) throw new Error(`${outcome} ${ackAll}`);
      await until(has("cloudflare (queue: 900000 ms"));
      if (!has("Error: boom")()) throw new Error(`${log}`);
    });
    await step("a cron event does not fail by a detached task", async () => {
      log.length = 0;
      const { outcome } = await SELF.scheduled({ cron: "* * * * *" });
      if (outcome !== "ok") throw new Error(outcome);
      await until(has("cloudflare (cron: 900000 ms"));
    });
    await step("a Durable Object: this.ctx, no limit; its alarm has 15 minutes", async () => {
      const room: Stub = ROOMS.get(ROOMS.idFromName("one"));
      for (const [path, expected] of [["/", "no known limit"], ["/alarm", "alarm: 900000 ms"]]) {
        log.length = 0;
        const source = await (await room.fetch(`http://room${path}`)).text();
        if (!source.includes(expected ?? "")) throw new Error(source);
        await until(has("durable object"));
      }
    });
    await step("a service worker's event: its own lifetime, and the host's limit where it is detected", async () => {
      const ask = async (path: string) => await (await OLD.fetch(`http://worker${path}`)).text();
      const sources = [await ask("/event"), await ask("/detect")];
      if (!sources[0]?.startsWith("service-worker (http: no known limit")) throw new Error(`${sources}`);
      if (!sources[1]?.startsWith("cloudflare (http: 30000 ms")) throw new Error(`${sources}`);
      await untilAnswer(OLD, "/log", "/event,/detect");
    });
    await step("Hono hands over its context", async () => {
      const response = await HONO.fetch("http://worker/upload", { method: "POST" });
      if (response.status !== 202) throw new Error(await response.text());
      await untilAnswer(HONO, "/log", "audited POST /upload/audit");
    });
    await step("a disconnect cancels what is attached where it is told, and never what is detached", async () => {
      log.length = 0;
      const client = new AbortController();
      const response = SELF.fetch("http://worker/disconnect", { signal: client.signal }).catch(() => {});
      await until(has("attached started"));
      client.abort();
      await response;
      await until(has("detached ended"));
      const expected = TELLS ? "attached canceled: AbortError" : "attached ended";
      if (`${log}` !== `attached started,${expected},detached ended`) throw new Error(`${log}`);
    });
  },
};
