/** Deno's own OpenTelemetry, exporting to a real collector: what arrives there. */
import { assert, assertEquals } from "@std/assert";
import { command, ROOT } from "../../tools/lib/command.ts";
import { stdEnv } from "../../tools/std.ts";

interface Value {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
}

interface Attribute {
  readonly key: string;
  readonly value: Value;
}

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly Attribute[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly events?: readonly { readonly name: string }[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

interface Export {
  readonly resourceSpans?: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly { readonly name: string }[] }[];
  }[];
}

/** What a collector gets from the child. */
async function collect(): Promise<{ output: string; spans: Span[]; metrics: string[] }> {
  const bodies: Export[] = [];
  const collector = Deno.serve({ port: 0, onListen() {} }, async (request) => {
    bodies.push(await request.json());
    return Response.json({});
  });
  const env = {
    ...await stdEnv(),
    OTEL_DENO: "true",
    OTEL_DENO_CONSOLE: "ignore",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.addr.port}`,
  };
  try {
    const args = ["run", "-A", "--quiet", "tests/otel/deno_child.ts"];
    const { code, output } = await command(Deno.execPath(), args, { cwd: ROOT, env, timeout: 60 });
    assertEquals(code, 0, output);
    return {
      output,
      spans: bodies.flatMap(({ resourceSpans = [] }) =>
        resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
      ),
      metrics: bodies.flatMap(({ resourceMetrics = [] }) =>
        resourceMetrics.flatMap(({ scopeMetrics }) =>
          scopeMetrics.flatMap(({ metrics }) => metrics.map(({ name }) => name))
        )
      ),
    };
  } finally {
    await collector.shutdown();
  }
}

Deno.test("instrument() on Deno's own OpenTelemetry: spans, links, baggage and metrics arrive", async () => {
  const { output, spans, metrics } = await collect();
  assertEquals(output, '["accepted","acme","tenant=acme"] 0');
  const named = (name: string) => {
    const found = spans.filter((span) => span.name === name);
    assertEquals(found.length, 1, `${name} of ${spans.map(({ name }) => name)}`);
    return found[0] as Span;
  };
  const [load, audit, write] = [named("load"), named("audit"), named("write")];
  const request = spans.find(({ spanId }) => spanId === load.parentSpanId);
  assert(request, "the span of the request, which Deno makes");
  assertEquals([load.traceId, request.traceId, request.parentSpanId], [
    "0af7651916cd43dd8448eb211c80319c",
    "0af7651916cd43dd8448eb211c80319c",
    "b7ad6b7169203331",
  ]);
  assertEquals([load.status, load.events?.map(({ name }) => name)], [{ code: 2, message: "boom" }, ["exception"]]);
  assert(audit.traceId !== request.traceId && !audit.parentSpanId, "a root of its own");
  assertEquals(audit.links?.map(({ traceId, spanId }) => [traceId, spanId]), [[request.traceId, request.spanId]]);
  assertEquals([write.traceId, write.parentSpanId], [audit.traceId, audit.spanId]);
  const upstream = spans.filter(({ parentSpanId }) => parentSpanId === write.spanId);
  assertEquals(upstream.map(({ traceId }) => traceId), [audit.traceId], "the call made after the request has ended");
  const path = audit.attributes.find(({ key }) => key === "taskscope.task.path");
  assertEquals(path?.value.stringValue, "page/audit");
  for (const name of ["task.live", "task.spawned", "task.settled", "task.duration", "drain.duration"]) {
    assert(metrics.includes(`taskscope.${name}`), `${name} of ${metrics}`);
  }
});
