/**
 * The instruments: what is counted and measured of tasks.
 *
 * @module
 */
import {
  type Attributes,
  type Context,
  type Counter,
  type Histogram,
  type Meter,
  metrics,
  type UpDownCounter,
} from "@opentelemetry/api";

/** As the semantic conventions advise for durations in seconds; the default of an SDK is made for milliseconds. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const LONGER_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];
const MOST_TYPES = 100; // of errors, so that no input can make ever new time series

/** What is known of a task that ended. */
export interface Settled {
  readonly state: string;
  readonly errorType: string | undefined;
  /** In seconds. */
  readonly duration: number;
  /** Seconds until its deadline; `undefined` without one. */
  readonly slack: number | undefined;
}

/** The instruments of one meter. */
export class Instruments {
  readonly #live: UpDownCounter;
  readonly #spawned: Counter;
  readonly #settled: Counter;
  readonly #abandoned: Counter;
  readonly #settledLate: Counter;
  readonly #duration: Histogram;
  readonly #slack: Histogram;
  readonly #drain: Histogram;
  readonly #types = new Set<string>();

  constructor(meter: Meter) {
    const unit = "{task}";
    this.#live = meter.createUpDownCounter("taskscope.task.live", { unit, description: "Tasks that have not ended." });
    this.#spawned = meter.createCounter("taskscope.task.spawned", { unit, description: "Tasks made." });
    this.#settled = meter.createCounter("taskscope.task.settled", { unit, description: "Tasks that ended." });
    this.#abandoned = meter.createCounter("taskscope.task.abandoned", {
      unit,
      description: "Tasks that ignored their cancellation for longer than grace.",
    });
    this.#settledLate = meter.createCounter("taskscope.task.settled_after_abandon", {
      unit,
      description: "Abandoned tasks that ended after all.",
    });
    this.#duration = meter.createHistogram("taskscope.task.duration", {
      unit: "s",
      description: "From the spawn of a task to its end.",
      advice: { explicitBucketBoundaries: SECONDS },
    });
    this.#slack = meter.createHistogram("taskscope.task.deadline_slack", {
      unit: "s",
      description: "The time a task had left when it ended; 0 if its deadline had passed.",
      advice: { explicitBucketBoundaries: LONGER_SECONDS },
    });
    this.#drain = meter.createHistogram("taskscope.drain.duration", {
      unit: "s",
      description: "How long the drain of a lifetime took.",
      advice: { explicitBucketBoundaries: LONGER_SECONDS },
    });
  }

  spawned(labels: Attributes, context: Context): void {
    this.#live.add(1, labels, context);
    this.#spawned.add(1, labels, context);
  }

  settled(labels: Attributes, context: Context, { state, errorType, duration, slack }: Settled): void {
    this.#live.add(-1, labels, context);
    const type = errorType === undefined ? undefined : this.#typeOf(errorType);
    const all = { ...labels, "taskscope.task.state": state, ...(type !== undefined && { "error.type": type }) };
    this.#settled.add(1, all, context);
    if (state === "abandoned") this.#abandoned.add(1, labels, context);
    this.#duration.record(duration, all, context);
    // An SDK drops what is negative.
    if (slack !== undefined) {
      this.#slack.record(Math.max(0, slack), { ...labels, "taskscope.task.state": state }, context);
    }
  }

  settledLate(labels: Attributes, context: Context, state: string): void {
    this.#settledLate.add(1, { ...labels, "taskscope.task.state": state }, context);
  }

  drained(duration: number, result: string): void {
    this.#drain.record(duration, { "taskscope.drain.result": result });
  }

  #typeOf(type: string): string {
    if (this.#types.size < MOST_TYPES) this.#types.add(type);
    return this.#types.has(type) ? type : "_OTHER";
  }
}

/** The instruments of a meter, or else of the global provider: unlike its tracer, its meter is not replaced later. */
export function instrumentsOf(meter: Meter | undefined, name: string, version: string): () => Instruments {
  let provider: unknown;
  let instruments: Instruments | undefined;
  return () => {
    const current = meter ? undefined : metrics.getMeterProvider();
    if (!instruments || current !== provider) instruments = new Instruments(meter ?? metrics.getMeter(name, version));
    provider = current;
    return instruments;
  };
}
