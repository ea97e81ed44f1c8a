/** The Worker under test, and, with a binding BACK to it, the client that sits in front of it. */
import { scoped } from "@taskscope/taskscope/http";
import { application, control, options } from "../app.ts";

interface Env {
  readonly BACK?: { fetch(input: string | Request, init?: RequestInit): Promise<Response> };
}
interface Ctx {
  waitUntil(work: Promise<unknown>): void;
  passThroughOnException(): void;
}

const handler = scoped((request, scope, _env: Env, _ctx: Ctx) => application(request, scope), options);

export default {
  async fetch(request: Request, env: Env, ctx: Ctx): Promise<Response> {
    if (env.BACK) return await front(request, env.BACK);
    return control(request) ?? await handler(request, env, ctx);
  },
};

/** `/leave?when=…&path=…` calls the Worker and leaves: over a binding, as in production, it hears of that at once. */
async function front(request: Request, back: Required<Env>["BACK"]): Promise<Response> {
  const { origin, pathname, searchParams } = new URL(request.url);
  if (pathname !== "/leave") return await back.fetch(request);
  const url = `${origin}${searchParams.get("path")}`;
  const client = new AbortController();
  const call = back.fetch(url, { signal: client.signal });
  if (searchParams.get("when") === "mid") {
    await (await call).body?.getReader().read();
  } else {
    const ledger = new URL(url);
    ledger.pathname = "/ledger";
    for (let isStarted = false; !isStarted;) {
      isStarted = (await (await back.fetch(`${ledger}`)).json() as string[]).includes("started");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  client.abort();
  await call.catch(() => {});
  return new Response("left");
}
