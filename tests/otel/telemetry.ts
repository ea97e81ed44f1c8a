/** A real SDK that keeps in memory what it is given. */
import { context, SpanStatusCode } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { instrument, type InstrumentOptions } from "@taskscope/taskscope/otel";

export const manager = new AsyncLocalStorageContextManager().enable();
context.setGlobalContextManager(manager);

export type Telemetry = ReturnType<typeof telemetry>;

/** One data point of a metric, in a line such as `taskscope.task.live{kind=task} 0`. */
function line(name: string, attributes: Record<string, unknown>, value: unknown): string {
  const labels = Object.entries(attributes).map(([key, value]) => `${key.split(".").at(-1)}=${value}`).sort();
  return `${name.replace("taskscope.", "")}{${labels.join(",")}} ${value}`;
}

/** Instruments this process with an SDK of its own; `[Symbol.dispose]` stops it. */
export function telemetry(options: InstrumentOptions = {}, sampler?: Sampler) {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
    ...(sampler && { sampler }),
  });
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 1_000_000 });
  const meters = new MeterProvider({ readers: [reader] });
  const tracer = provider.getTracer("test");
  const instrumentation = instrument({ tracer, meter: meters.getMeter("test"), ...options });
  const spans = () => exporter.getFinishedSpans();
  return {
    tracer,
    instrumentation,
    spans,
    span(name: string): ReadableSpan {
      const found = spans().filter((span) => span.name === name);
      if (found.length !== 1) throw new Error(`${found.length} spans "${name}" of ${spans().map(({ name }) => name)}`);
      return found[0] as ReadableSpan;
    },
    /** All metrics as sorted lines; of a histogram, the number of measurements. */
    async metrics(): Promise<string[]> {
      await reader.forceFlush();
      const last = metricExporter.getMetrics().at(-1);
      const all = last?.scopeMetrics.flatMap(({ metrics }) => metrics) ?? [];
      return all.flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ attributes, value }) =>
          line(descriptor.name, attributes, typeof value === "number" ? value : value.count)
        )
      ).sort();
    },
    /** The measurements of a histogram: least, most, bucket boundaries and unit. */
    async histogram(name: string) {
      await reader.forceFlush();
      const all = metricExporter.getMetrics().at(-1)?.scopeMetrics.flatMap(({ metrics }) => metrics) ?? [];
      const found = all.find(({ descriptor }) => descriptor.name === name);
      const value = found?.dataPoints[0]?.value as { min: number; max: number; buckets: { boundaries: number[] } };
      return { min: value.min, max: value.max, boundaries: value.buckets.boundaries, unit: found?.descriptor.unit };
    },
    async [Symbol.asyncDispose]() {
      instrumentation.stop();
      await Promise.all([provider.shutdown(), meters.shutdown()]);
      await new Promise((resolve) => setTimeout(resolve)); // the exporter in memory answers a turn later
    },
  };
}

/** `unset`, `ok` or `error: ` and the description. */
export function statusOf({ status }: ReadableSpan): string {
  if (status.code === SpanStatusCode.ERROR) return `error: ${status.message}`;
  return status.code === SpanStatusCode.OK ? "ok" : "unset";
}

/** What the exception events of a span say. */
export function exceptionsOf({ events }: ReadableSpan): string[] {
  return events.filter(({ name }) => name === "exception").map(({ attributes = {} }) =>
    `${attributes["exception.type"]}: ${attributes["exception.message"]}`
  );
}
