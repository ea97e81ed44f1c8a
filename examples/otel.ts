/**
 * OpenTelemetry: a span for each task of a request, and a detached task with a trace of its own that is linked to the
 * request's. Once it has ended, the task still has the baggage, and calls others in the name of its own trace.
 */
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { assert, assertEquals } from "@std/assert";
import { processLifetime } from "@taskscope/taskscope";
import { propagate, scoped } from "@taskscope/taskscope/http";
import { instrument } from "@taskscope/taskscope/otel";

// What an SDK's setup does; with OTEL_DENO=true none of it is needed.
const exporter = new InMemorySpanExporter();
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
propagation.setGlobalPropagator(
  new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
);
using _ = instrument({ scopes: true, lifetime: processLifetime() });

const sent: (string | null)[] = [];
const handler = scoped((_request, scope) => {
  scope.spawnDetached(async (task) => {
    await task.spawn(() => {
      const headers: Record<string, string> = {};
      propagation.inject(context.active(), headers); // of the span that is active here
      const call = propagate(task, headers); // adds what is missing: with a traceparent, only the remaining time
      sent.push(call.get("traceparent"), call.get("baggage"));
    }, { name: "call the ledger" });
  }, { name: "audit", deadline: { seconds: 20 } });
  return new Response("accepted", { status: 202 });
});

// An HTTP instrumentation does this. Without it, spans still join the trace of the `traceparent` that `scoped` reads.
const serve = (request: Request) => {
  const caller = propagation.extract(context.active(), Object.fromEntries(request.headers));
  return context.with(caller, () => handler(request));
};

// Deno.serve(serve), Bun.serve({ fetch: serve }) or export default { fetch: serve }; here it is called directly.
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const response = await serve(
  new Request("http://localhost/pay", { headers: { traceparent, baggage: "tenant=acme" } }),
);
await processLifetime().drain({ deadline: { seconds: 5 } });

const [call, audit, request] = ["call the ledger", "audit", "GET /pay"].map((name) =>
  exporter.getFinishedSpans().find((span) => span.name === name)
);
assert(call && audit && request);
assertEquals(request.parentSpanContext?.traceId, "0af7651916cd43dd8448eb211c80319c");
assertEquals(audit.links[0]?.context.spanId, request.spanContext().spanId);
assertEquals(sent, [`00-${audit.spanContext().traceId}-${call.spanContext().spanId}-01`, "tenant=acme"]);
console.log(`${request.name} ${response.status}; ${audit.name} has a trace of its own, linked to it; sent ${sent[1]}`);
