/** The live page on whatever runs this: its own server where there is one, the handler alone on workerd. */
import { processLifetime, TaskScope } from "@taskscope/taskscope";
import { type Inspector, inspector } from "@taskscope/taskscope/inspect";
import { toNodeListener } from "@taskscope/taskscope/node";
import { frames } from "./sse_frames.ts";

interface Bun {
  serve(options: object): { readonly port: number; stop(): Promise<void> };
}

interface NodeServer {
  listen(port: number, host: string, done: () => void): void;
  address(): { readonly port: number };
  close(done: () => void): void;
}

interface Served {
  readonly url: string;
  stop(): Promise<void>;
}

async function serve(inspect: Inspector): Promise<Served> {
  const { Bun } = globalThis as { readonly Bun?: Bun };
  if (Bun) {
    const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: inspect, idleTimeout: 0 });
    return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop() };
  }
  const name = "node:http"; // not for the bundler
  const { createServer } = await import(name);
  const server: NodeServer = createServer(toNodeListener(inspect));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

type Ask = (path: string, init?: RequestInit) => Promise<Response>;

async function look(ask: Ask, say: (line: string) => void): Promise<void> {
  const html = await (await ask("/inspect")).text();
  const [, nonce = "", script = ""] = html.match(/<script type="module" nonce="(\w+)">([\s\S]*)<\/script>/) ?? [];
  if (globalThis.navigator?.userAgent !== "Cloudflare-Workers") new Function(script); // throws if it cannot be read
  say(`page: ${nonce.length > 40 && script.includes("EventSource")}`);
  const end = Promise.withResolvers<void>();
  const work = TaskScope.run(async (scope) => {
    scope.spawn((task) => task.abortable(end.promise), { name: "stays" });
    await scope.abortable(end.promise);
  }, { name: "root", policy: "supervise" });
  const events = frames(await ask("/inspect/events"));
  const { token } = (await events.next()).value?.data as { token: string };
  let id = 0;
  for await (const { data } of events) {
    const { rows = [] } = data as { rows?: readonly { id: number; name: string; parent?: number }[] };
    id = rows.find(({ name }) => name === "stays")?.id ?? 0;
    if (id !== 0) break;
  }
  say(`row: ${id !== 0}`);
  const { path } = await (await ask(`/inspect/details?id=${id}`)).json();
  say(`details: ${path}`);
  const refused = await ask(`/inspect/cancel?id=${id}`, { method: "POST" });
  say(`cancel without token: ${refused.status} ${(await refused.json()).error.slice(0, 9)}`);
  const canceled = await ask(`/inspect/cancel?id=${id}`, { method: "POST", headers: { "x-taskscope-token": token } });
  say(`cancel: ${JSON.stringify(await canceled.json()) === `{"canceled":${id}}`}`);
  const proxied = await ask("/inspect", { headers: { "x-forwarded-for": "127.0.0.1" } });
  say(`through a proxy: ${proxied.status}`);
  await proxied.body?.cancel();
  end.resolve();
  await work;
}

/** With a real server; it ends when the server has, although the inspector is not closed: it keeps nothing alive. */
export async function tour(say: (line: string) => void): Promise<void> {
  const { url, stop } = await serve(inspector(processLifetime(), { cancel: true }));
  await look((path, init) => fetch(url + path, init), say);
  await stop();
}

export default {
  /** What `workerd test` calls. */
  async test(_controller: unknown, _env: unknown, ctx: { waitUntil(work: Promise<unknown>): void }): Promise<void> {
    const local = inspector(ctx);
    console.log(`without a guard: ${(await local(new Request("http://localhost/inspect"), ctx)).status}`);
    local.close();
    const guard = ({ headers }: Request) => !headers.has("x-forwarded-for");
    const guarded = inspector(ctx, { guard });
    await look((path, init) => guarded(new Request(`http://localhost${path}`, init)), (line) => console.log(line));
    guarded.close();
  },
};
