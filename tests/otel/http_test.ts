/** W3C Trace Context and Baggage through a real server, and on from a detached task whose request has ended. */
import { context, propagation, trace } from "@opentelemetry/api";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { assert, assertEquals } from "@std/assert";
import { processLifetime, type TaskScope } from "@taskscope/taskscope";
import { propagate, scoped } from "@taskscope/taskscope/http";
import { telemetry } from "./telemetry.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLER = "b7ad6b7169203331";

/** Headers of the span that is active here, and the time that is left. */
function outgoing(scope: TaskScope): Headers {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return propagate(scope, headers);
}

Deno.test("instrument(): trace context and baggage go on from a detached task whose request has ended", async () => {
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  );
  const { span, ...sdk } = telemetry({ scopes: true });
  const gate = Promise.withResolvers<void>();
  const received: (string | null)[] = [];
  const upstream = Deno.serve({ port: 0, onListen() {} }, ({ headers }) => {
    received.push(headers.get("traceparent"), headers.get("baggage"), headers.get("x-deadline-ms") && "remaining");
    return new Response();
  });
  const handler = scoped((_request, scope) => {
    scope.spawnDetached(async (task) => {
      await gate.promise;
      await task.spawn(async (call) => {
        const headers = outgoing(call);
        const response = await fetch(`http://127.0.0.1:${upstream.addr.port}/`, { headers, signal: call.signal });
        await response.body?.cancel();
      }, { name: "call" });
    }, { name: "audit", deadline: { seconds: 20 } });
    return new Response("accepted", { status: 202 });
  }, { deadline: 5_000, deadlineHeader: "x-deadline-ms" });
  const server = Deno.serve({ port: 0, onListen() {} }, (request) => {
    const caller = propagation.extract(context.active(), Object.fromEntries(request.headers));
    return context.with(caller, () => handler(request));
  });
  try {
    const response = await fetch(`http://127.0.0.1:${server.addr.port}/pay`, {
      headers: { traceparent: `00-${TRACE}-${CALLER}-01`, baggage: "tenant=acme" },
    });
    assertEquals([response.status, await response.text()], [202, "accepted"]);
    await server.shutdown(); // the request, and all of its connection, has ended
    assert(span("GET /pay").ended);
    assertEquals(trace.getActiveSpan(), undefined);
    gate.resolve();
    await processLifetime().drain({ deadline: 10_000 });
    const [request, audit, call] = [span("GET /pay"), span("audit"), span("call")];
    assertEquals([request.spanContext().traceId, request.parentSpanContext?.spanId], [TRACE, CALLER]);
    assertEquals(audit.links.map((link) => link.context.spanId), [request.spanContext().spanId]);
    assertEquals(received, [
      `00-${audit.spanContext().traceId}-${call.spanContext().spanId}-01`,
      "tenant=acme",
      "remaining",
    ]);
  } finally {
    propagation.disable();
    await upstream.shutdown();
    await sdk[Symbol.asyncDispose]();
  }
});
