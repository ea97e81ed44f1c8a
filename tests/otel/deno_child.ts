/**
 * A server and a call to it, run with OTEL_DENO: Deno makes the spans of HTTP and exports everything. The request has
 * ended when its detached task goes on.
 */
import { propagation } from "@opentelemetry/api";
import { processLifetime, TaskScope } from "@taskscope/taskscope";
import { instrument } from "@taskscope/taskscope/otel";

const gate = Promise.withResolvers<void>();
const tenant = () => propagation.getActiveBaggage()?.getEntry("tenant")?.value;
const lines: unknown[] = [];

const instrumentation = instrument({ lifetime: processLifetime() });
const server = Deno.serve({ port: 0, onListen() {} }, async (request) => {
  const { pathname, port } = new URL(request.url);
  if (pathname === "/upstream") return new Response(request.headers.get("baggage"));
  await TaskScope.run(async (scope) => {
    await scope.spawn(() => Promise.reject(new RangeError("boom")), { name: "load" }).catch(() => {});
    scope.spawnDetached(async (task) => {
      await gate.promise;
      lines.push(tenant());
      await task.spawn(async () => {
        const response = await fetch(`http://127.0.0.1:${port}/upstream`);
        lines.push(await response.text());
      }, { name: "write" });
    }, { name: "audit", deadline: 10_000 });
  }, { name: "page", policy: "supervise" });
  return new Response("accepted");
});
const response = await fetch(`http://127.0.0.1:${server.addr.port}/`, {
  headers: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", baggage: "tenant=acme" },
});
lines.push(await response.text());
gate.resolve();
await processLifetime().drain({ deadline: 10_000 });
await server.shutdown();
console.log(JSON.stringify(lines), instrumentation.live);
