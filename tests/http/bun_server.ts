/** Run by bun_test.ts under Bun: a real server and a client that stays, or leaves before the answer or mid-stream. */
import { processLifetime } from "../../mod.ts";
import { detachRequest, scoped } from "../../src/http/mod.ts";

interface BunHost {
  readonly Bun: {
    serve(options: { port: number; fetch: (request: Request) => Promise<Response> }): {
      readonly port: number;
      stop(closeAll: boolean): void;
    };
  };
}

const lines: string[] = [];
const started = { before: Promise.withResolvers<void>() };
const gate = Promise.withResolvers<void>();
const cancellations: Promise<void>[] = [];

const server = (globalThis as unknown as BunHost).Bun.serve({
  port: 0,
  fetch: scoped(async (request, scope) => {
    const path = new URL(request.url).pathname;
    const ready = Promise.withResolvers<void>();
    scope.spawnDetached(async (task) => {
      const copy = await detachRequest(request, task).finally(ready.resolve);
      await gate.promise;
      lines.push(`${new URL(copy.url).pathname} detached task ended, aborted: ${task.signal.aborted}`);
    }, { deadline: 10_000 });
    await ready.promise;
    const canceled = Promise.withResolvers<void>();
    scope.signal.addEventListener("abort", () => {
      lines.push(`${path} canceled: ${(scope.signal.reason as { kind: string }).kind}`);
      canceled.resolve();
    });
    if (path === "/before" || path === "/mid") cancellations.push(canceled.promise);
    if (path === "/before") {
      started.before.resolve();
      await canceled.promise;
    }
    if (path === "/mid") return new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(8)) }));
    return new Response("ok");
  }),
});
const url = `http://127.0.0.1:${server.port}`;

lines.push(await (await fetch(`${url}/after`)).text());

const before = new AbortController();
const call = fetch(`${url}/before`, { signal: before.signal }).catch(() => {});
await started.before.promise;
before.abort();
await call;

const mid = new AbortController();
const response = await fetch(`${url}/mid`, { signal: mid.signal });
await response.body?.getReader().read();
mid.abort();

await Promise.all(cancellations);
gate.resolve();
await processLifetime().drain({ deadline: 5_000 });
console.log(lines.sort().join("\n"));
server.stop(true);
