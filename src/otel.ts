/**
 * OpenTelemetry: a span for each task, a new linked trace for each detached one, and metrics. Needs the peer
 * `@opentelemetry/api`; works with any SDK, with Deno's built-in OpenTelemetry, and costs little without either.
 *
 * ## Spans
 *
 * | what                    | how                                                                                             |
 * | ----------------------- | ----------------------------------------------------------------------------------------------- |
 * | name                    | that of the task, or its kind if it was given none; kind `INTERNAL`                             |
 * | parent                  | the span that is active at the spawn, or that of the owning scope if that is nearer             |
 * | no span there at all    | the caller's, where `scoped` of `./http` found a `traceparent`                                  |
 * | detached task           | a new root, with a link to the span it would have been a child of; baggage is kept              |
 * | from, to                | the spawn, the end of the task and all it owns; a queued one has the event `taskscope.task.start` |
 * | in the function         | its span is the active one                                                                      |
 * | failed                  | status `ERROR`, `error.type`, the exception; an error that passes up is told once, where it began |
 * | canceled                | attributes only; status `ERROR` where a deadline did it                                         |
 * | a cancellation begins   | event `taskscope.cancel` on the span of the scope in which it begins                            |
 * | abandoned               | ends there, with status `ERROR`; if the function ends after all, a span of that name below it   |
 *
 * | attribute                      | type    | meaning                                                                 |
 * | ------------------------------ | ------- | ----------------------------------------------------------------------- |
 * | `taskscope.task.path`          | string  | its names from the root scope down; the last 1024 characters            |
 * | `taskscope.task.kind`          | string  | `task`, `detached`, `shield`, `scope`                                   |
 * | `taskscope.task.state`         | string  | `succeeded`, `failed`, `canceled`, `abandoned`                          |
 * | `taskscope.task.queued`        | boolean | it had to wait for a place                                              |
 * | `taskscope.task.late`          | boolean | it ended well, but canceled or after its deadline                       |
 * | `taskscope.task.abandoned`     | boolean | it ignored its cancellation for longer than `grace`                     |
 * | `taskscope.task.after_abandon` | boolean | the span is that of what it did after that                              |
 * | `taskscope.deadline`           | string  | when it must be over, as ISO 8601                                       |
 * | `taskscope.cancel.kind`        | string  | a `CancelKind`                                                          |
 * | `taskscope.cancel.origin`      | string  | the path of the scope in which the cancellation began                   |
 * | `taskscope.cancel.reason`      | string  | its message                                                             |
 * | `taskscope.link.type`          | string  | on the link of a detached task: `spawner`                               |
 * | `error.type`                   | string  | the name of the error; `_OTHER` for what is no error                    |
 *
 * ## Metrics
 *
 * | name                                   | instrument    | unit     | attributes                                |
 * | -------------------------------------- | ------------- | -------- | ----------------------------------------- |
 * | `taskscope.task.live`                  | UpDownCounter | `{task}` | kind                                      |
 * | `taskscope.task.spawned`               | Counter       | `{task}` | kind                                      |
 * | `taskscope.task.settled`               | Counter       | `{task}` | kind, state, `error.type`                 |
 * | `taskscope.task.abandoned`             | Counter       | `{task}` | kind                                      |
 * | `taskscope.task.settled_after_abandon` | Counter       | `{task}` | kind, state                               |
 * | `taskscope.task.duration`              | Histogram     | `s`      | kind, state, `error.type`                 |
 * | `taskscope.task.deadline_slack`        | Histogram     | `s`      | kind, state; 0 if the deadline has passed |
 * | `taskscope.drain.duration`             | Histogram     | `s`      | `taskscope.drain.result`: `completed`, `canceled`, `pending` |
 *
 * `scoped` of `./http` names a request's scope by its method and path, and a path may have ids or secrets in it, which
 * then are in `taskscope.task.path` of each of its tasks. Its option `name` gives it that of the route instead, as
 * OpenTelemetry wants of names anyway: few.
 *
 * At every moment, for tasks seen since the start, `spawned` equals `live` plus `settled`. Names of tasks are attributes
 * of metrics only with `metricNames`.
 *
 * @example A task, and a detached one, with whatever SDK is registered
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { instrument } from "@taskscope/taskscope/otel";
 * import { TaskScope } from "@taskscope/taskscope";
 *
 * const tracing = instrument({ spans: (task) => task.name !== "heartbeat", metrics: false });
 * await TaskScope.run((scope) => {
 *   scope.spawn(() => "a span", { name: "load" });
 *   scope.spawnDetached(() => "a trace of its own, linked to this one", { name: "audit", deadline: 1_000 });
 * });
 * tracing.stop();
 * assertEquals(typeof tracing[Symbol.dispose], "function");
 * ```
 *
 * @module
 */
import { type Meter, trace, type Tracer } from "@opentelemetry/api";
import type { ScopeInfo, TaskInfo } from "./observer.ts";
import type { ProcessLifetime } from "./process_lifetime.ts";
import { assertFunction, assertOneOf, assertOptions, wrong } from "./validate.ts";
import { resultOf, watchDrains } from "./otel/drains.ts";
import { instrumentsOf } from "./otel/metrics.ts";
import { Tracker } from "./otel/tracker.ts";

/** The attributes of a span, by name. See {@linkcode InstrumentOptions}. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | string[] | number[] | boolean[]>>;

/** A `Tracer` of `@opentelemetry/api`, of any version. See {@linkcode instrument}. */
export interface TracerLike {
  /** Begins a span. */
  startSpan(name: string): object;
}

/** A `Meter` of `@opentelemetry/api`, of any version. See {@linkcode instrument}. */
export interface MeterLike {
  /** Makes a counter. */
  createCounter(name: string): object;
  /** Makes a counter that goes down, too. */
  createUpDownCounter(name: string): object;
  /** Makes a histogram. */
  createHistogram(name: string): object;
}

/** Options of {@linkcode instrument}. */
export interface InstrumentOptions {
  /**
   * Which tasks have a span; shields and detached tasks are tasks. One without leaves the async context as it is.
   *
   * @default true
   */
  readonly spans?: boolean | ((task: TaskInfo) => boolean) | undefined;
  /**
   * Which root scopes have a span: those of `TaskScope.run` and `new TaskScope`. So does each request of `scoped`,
   * where an HTTP instrumentation makes a better one.
   *
   * @default false
   */
  readonly scopes?: boolean | ((scope: ScopeInfo) => boolean) | undefined;
  /**
   * Attributes of your own, called at the spawn, where the span of the spawner is still the active one.
   *
   * @default none
   */
  readonly attributes?: ((info: TaskInfo | ScopeInfo) => SpanAttributes) | undefined;
  /**
   * Whether spans have what was thrown as the event `exception`, with its stack.
   *
   * @default true
   */
  readonly exceptions?: boolean | undefined;
  /**
   * Whether tasks are counted and measured.
   *
   * @default true
   */
  readonly metrics?: boolean | undefined;
  /**
   * Whether metrics have the name of the task as `taskscope.task.name`. Only for names that are few; tasks that were
   * given none have that of their kind.
   *
   * @default false
   */
  readonly metricNames?: boolean | undefined;
  /** Has its drains measured, those after a signal, too: `processLifetime()`. */
  readonly lifetime?: ProcessLifetime | undefined;
  /**
   * Makes the spans.
   *
   * @default that of the global tracer provider
   */
  readonly tracer?: TracerLike | undefined;
  /**
   * Makes the instruments.
   *
   * @default that of the global meter provider, also if it is registered later
   */
  readonly meter?: MeterLike | undefined;
}

/** What {@linkcode instrument} returns. */
export interface Instrumentation extends Disposable {
  /** How many tasks and scopes are followed now. */
  readonly live: number;
  /** Follows nothing new from now on; what has a span ends it. Idempotent. */
  stop(): void;
}

const OPTIONS = [
  "spans",
  "scopes",
  "attributes",
  "exceptions",
  "metrics",
  "metricNames",
  "lifetime",
  "tracer",
  "meter",
];
const NAME = "@taskscope/taskscope";
const VERSION = "0.1.0"; // that of deno.json, as a test asserts

/**
 * Instruments every scope of this process from now on.
 *
 * **Guarantees.** Work is never disturbed: what an SDK, a filter or `attributes` throws is reported once with
 * `console.error`. Nothing is kept of a task that has ended. Names, reasons and errors are cut to a length, and control
 * characters in them become visible escapes.
 *
 * The span of a task is the active one in its function where a context manager is registered, as every SDK for servers
 * does. A detached task is sampled as a trace of its own. Calling this twice instruments twice.
 *
 * @param options See {@linkcode InstrumentOptions}.
 * @returns What stops it.
 * @throws {TypeError} If an option is unknown or of the wrong type.
 *
 * @example Only metrics
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { instrument } from "@taskscope/taskscope/otel";
 * import { processLifetime, TaskScope } from "@taskscope/taskscope";
 *
 * const metrics = instrument({ spans: false, lifetime: processLifetime() });
 * await TaskScope.run((scope) => scope.spawn(() => 42));
 * assertEquals(metrics.live, 0);
 * metrics.stop();
 * ```
 */
export function instrument(options: InstrumentOptions = {}): Instrumentation {
  const what = "Cannot instrument";
  assertOptions(options, OPTIONS, what);
  const { spans = true, scopes = false, attributes = () => ({}), exceptions = true, metricNames = false } = options;
  const { metrics: hasMetrics = true, lifetime, tracer, meter } = options;
  for (const [name, value] of Object.entries({ exceptions, metricNames, metrics: hasMetrics })) {
    assertOneOf(value, [true, false], name, what);
  }
  assertFunction(attributes, `${what}: attributes`);
  if (tracer && typeof tracer.startSpan !== "function") throw wrong(what, "tracer needs startSpan", tracer);
  if (meter && typeof meter.createCounter !== "function") throw wrong(what, "meter needs createCounter", meter);
  if (lifetime && typeof lifetime.drain !== "function") throw wrong(what, "lifetime needs a drain function", lifetime);
  const instruments = instrumentsOf(meter as Meter | undefined, NAME, VERSION);
  // First: a lifetime that cannot be covered throws.
  const unwatch = hasMetrics && lifetime && watchDrains(lifetime, (duration, report) => {
    tracker.attempt(() => instruments().drained(duration, resultOf(report)));
  });
  const tracker = new Tracker({
    tracer: tracer as Tracer | undefined ?? trace.getTracer(NAME, VERSION), // one that asks the provider of the day
    instruments: hasMetrics ? instruments : () => undefined,
    wantsTask: filterOf(spans, `${what}: spans`),
    wantsScope: filterOf(scopes, `${what}: scopes`),
    attributes,
    hasNames: metricNames,
    hasExceptions: exceptions,
  });
  const stop = () => {
    tracker.stop();
    if (unwatch) unwatch();
  };
  return {
    get live() {
      return tracker.size;
    },
    stop,
    [Symbol.dispose]: stop,
  };
}

function filterOf<T>(filter: boolean | ((info: T) => boolean), what: string): (info: T) => boolean {
  if (typeof filter === "boolean") return () => filter;
  assertFunction(filter, what);
  return filter;
}
