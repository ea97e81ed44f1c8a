/** Operations on any engine, for engines_test.ts: each step is a request, on workerd one of its own. */
import { scoped } from "@taskscope/taskscope/http";
import { memoryStore, type Operation, Operations } from "@taskscope/taskscope/operations";

const operations = new Operations({ store: memoryStore(), poll: 50, limits: { progressInterval: 0 } });
const handle = scoped<[unknown?, unknown?]>(async (request, scope) => {
  const routed = await operations.handle(request);
  if (routed) return routed;
  const { pathname } = new URL(request.url);
  if (pathname === "/counters") return Response.json(operations.counters);
  const options = { name: pathname, request, deadline: { seconds: 20 } };
  return await operations.start(scope, options, async (task, _input, progress) => {
    progress(0.5, "half");
    await task.sleep(pathname === "/quick" ? 30 : 15_000);
    return { url: "/v/1" };
  });
});

type Call = (method: string, path: string, headers?: Record<string, string>) => Promise<Response>;

async function check(call: Call): Promise<string[]> {
  const lines: string[] = [];
  const accepted = await call("POST", "/quick", { "idempotency-key": "k" });
  const { id, links }: Operation = await accepted.json();
  const again: Operation = await (await call("POST", "/quick", { "idempotency-key": "k" })).json();
  lines.push(`${accepted.status}, again the same: ${again.id === id}`);
  const events = await (await call("GET", links.events)).text();
  lines.push(`events end with the result: ${events.includes('"result":{"url":"/v/1"}')}`);
  lines.push(`then ${(await (await call("GET", links.self)).json()).state}`);

  const slow: Operation = await (await call("POST", "/slow")).json();
  let state: Operation;
  do state = await (await call("GET", `${slow.links.self}?wait=100ms`)).json(); while (state.state === "queued");
  const waiting = call("GET", `${slow.links.self}?wait=10s`, { "if-none-match": "*" });
  const canceled = await call("DELETE", slow.links.self);
  await canceled.body?.cancel();
  await (await waiting).body?.cancel();
  do state = await (await call("GET", `${slow.links.self}?wait=100ms`)).json(); while (state.state === "running");
  lines.push(`${canceled.status}, then ${state.state}`);
  let counters = "";
  for (let i = 0; i < 100 && counters !== '{"running":0,"listeners":0}'; i++) {
    counters = await (await call("GET", "/counters")).text();
  }
  return [...lines, counters];
}

const { navigator } = globalThis as { navigator?: { userAgent?: string } };
if (navigator?.userAgent !== "Cloudflare-Workers") {
  console.log((await check((method, path, headers = {}) => {
    return handle(new Request(`http://localhost${path}`, { method, headers }));
  })).join("\n"));
}

interface Env {
  readonly SELF: { fetch(url: string, init: RequestInit): Promise<Response> };
}

/** What workerd calls: `test` as the client, `fetch` as the service. */
export default {
  fetch: handle,
  async test(_controller: unknown, { SELF }: Env): Promise<void> {
    const lines = await check((method, path, headers = {}) =>
      SELF.fetch(`http://localhost${path}`, { method, headers })
    );
    console.log(lines.join("\n"));
  },
};
