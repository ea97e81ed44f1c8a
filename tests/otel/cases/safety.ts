import { type Context, context, type Span, trace, type Tracer } from "@opentelemetry/api";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { instrument, type InstrumentOptions } from "@taskscope/taskscope/otel";
import type { Cases } from "../cases.ts";
import { exceptionsOf, manager, statusOf, telemetry } from "../telemetry.ts";

const boom = (): never => {
  throw new Error("telemetry is broken");
};

/** Every method throws. */
const broken = <T>(): T => new Proxy({}, { get: () => boom }) as T;

/** Begins a span, of which every method throws. */
const brokenSpan = { startSpan: () => broken<Span>() } as unknown as Tracer;

/** Runs two tasks and a detached one; what went to console.error. */
async function work(): Promise<string[]> {
  const errors: string[] = [];
  const { error } = console;
  console.error = (...args: unknown[]) => errors.push(args.join(" "));
  try {
    const result = await TaskScope.run(async (scope) => {
      await assertRejects(() => scope.spawn((task) => task.sleep(60_000), { deadline: 1 }));
      await scope.spawnDetached(() => {}, { deadline: 1_000 });
      return await scope.spawn(() => 42);
    }, { policy: "supervise" });
    assertEquals(result, 42);
  } finally {
    console.error = error;
  }
  return errors.filter((line) => line.includes("OpenTelemetry"));
}

const HOSTILE = "a\u001b[31m\nb\u202e\u0000\u2028\ud800<script>";
const INERT = "a\\u{1b}[31m\\u{a}b\\u{202e}\\u{0}\\u{2028}\ufffd<script>";

export const safety: Cases = {
  "without an SDK it does nothing, and disturbs nothing": async () => {
    const instrumentation = instrument({ scopes: true });
    try {
      assertEquals(await work(), []);
      assertEquals(instrumentation.live, 0);
    } finally {
      instrumentation.stop();
    }
  },

  "without an SDK, the trace that others have begun stays the active one, in a detached task, too": async () => {
    const caller = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };
    const instrumentation = instrument();
    try {
      const seen = await context.with(
        trace.setSpanContext(context.active(), caller),
        () =>
          TaskScope.run(async (scope) => {
            const spanId = () => trace.getActiveSpan()?.spanContext().spanId;
            return [await scope.spawn(spanId), await scope.spawnDetached(spanId, { deadline: 1_000 })];
          }),
      );
      assertEquals(seen, [caller.spanId, caller.spanId]);
    } finally {
      instrumentation.stop();
    }
  },

  "whatever throws in telemetry, work goes on, and it is told once": async () => {
    const options: InstrumentOptions[] = [
      { tracer: broken() },
      { tracer: brokenSpan },
      { meter: broken() },
      { spans: boom },
      { scopes: boom },
      { attributes: boom },
    ];
    for (const each of options) {
      const instrumentation = instrument(each);
      try {
        const errors = await work();
        assertEquals(errors.length, 1, `${Object.keys(each)}: ${errors.join("\n")}`);
        assertEquals(instrumentation.live, 0);
      } finally {
        instrumentation.stop();
      }
    }
  },

  "a filter or attributes that are async and fail end no process, and are told once": async () => {
    const late = () => Promise.reject(new Error("telemetry is broken"));
    const options: unknown[] = [{ attributes: late }, { spans: late }, { scopes: late }];
    for (const each of options) {
      const instrumentation = instrument(each as InstrumentOptions);
      try {
        const errors = await work();
        assertEquals(errors.length, 1, JSON.stringify(errors));
      } finally {
        instrumentation.stop();
      }
    }
  },

  "an instrument that throws at each measurement leaves the spans alone": async () => {
    const meter = new Proxy({}, { get: () => () => broken() });
    const sdk = telemetry({ meter: meter as NonNullable<InstrumentOptions["meter"]> });
    try {
      assertEquals((await work()).length, 1);
      assertEquals([sdk.spans().length, sdk.instrumentation.live], [3, 0]);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "a span that cannot be written to is ended, and its task is counted": async () => {
    const { tracer, ...sdk } = telemetry();
    const startSpan: Tracer["startSpan"] = (...args) =>
      Object.assign(tracer.startSpan(...args), { setAttributes: boom });
    const inner = telemetry({ tracer: { startSpan } });
    try {
      assertEquals((await work()).length, 1);
      assertEquals(sdk.spans().length, 2 * 3);
      assert((await inner.metrics()).includes("task.live{kind=task} 0"));
    } finally {
      await inner[Symbol.asyncDispose]();
      await sdk[Symbol.asyncDispose]();
    }
  },

  "a context manager that throws before, or after, it has called the function": async () => {
    for (const isBefore of [true, false]) {
      context.disable();
      context.setGlobalContextManager({
        active: () => manager.active(),
        with: ((_context: Context, fn: () => unknown) => isBefore ? boom() : (fn(), boom())) as typeof manager.with,
        bind: (_context, target) => target,
        enable() {
          return this;
        },
        disable() {
          return this;
        },
      });
      const sdk = telemetry();
      try {
        let calls = 0;
        const errors = await work();
        const { error } = console;
        console.error = () => {};
        await TaskScope.run((scope) => scope.spawn(() => void calls++));
        console.error = error;
        assertEquals([calls, errors.length], [1, 1]);
      } finally {
        context.disable();
        context.setGlobalContextManager(manager.enable());
        await sdk[Symbol.asyncDispose]();
      }
    }
  },

  "an exporter that fails disturbs nothing": async () => {
    const exporter = new InMemorySpanExporter();
    exporter.export = boom;
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const instrumentation = instrument({ tracer: provider.getTracer("test") });
    try {
      await work();
      assertEquals(instrumentation.live, 0);
    } finally {
      instrumentation.stop();
    }
  },

  "stop(): what has a span ends it, nothing new is seen, and the seam is free": async () => {
    const sdk = telemetry();
    try {
      const gate = Promise.withResolvers<void>();
      await TaskScope.run(async (scope) => {
        const open = scope.spawn(() => gate.promise, { name: "open" });
        sdk.instrumentation.stop();
        assertEquals(sdk.instrumentation.live, 1);
        await scope.spawn(() => {}, { name: "unseen" });
        gate.resolve();
        await open;
        assertEquals(sdk.instrumentation.live, 0);
        await scope.spawn(() => {}, { name: "unseen" });
      });
      assertEquals(sdk.spans().map(({ name }) => name), ["open"]);
      assert((await sdk.metrics()).includes("task.live{kind=task} 0"));
      sdk.instrumentation[Symbol.dispose]();
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "a task that was spawned before is not seen": async () => {
    await TaskScope.run(async (scope) => {
      const gate = Promise.withResolvers<void>();
      const before = scope.spawn(() => gate.promise);
      const sdk = telemetry();
      try {
        gate.resolve();
        await before;
        await scope.spawn(() => {}, { name: "after" });
        assertEquals(sdk.spans().map(({ name }) => name), ["after"]);
        assert((await sdk.metrics()).includes("task.spawned{kind=task} 1"));
      } finally {
        await sdk[Symbol.asyncDispose]();
      }
    });
  },

  "two at once see the same, and neither disturbs the other": async () => {
    const [first, second] = [telemetry(), telemetry()];
    try {
      await TaskScope.run((scope) => scope.spawn(() => {}, { name: "both" }));
      await first[Symbol.asyncDispose]();
      await TaskScope.run((scope) => scope.spawn(() => {}, { name: "one" }));
      assertEquals(second.spans().map(({ name }) => name), ["both", "one"]);
    } finally {
      await second[Symbol.asyncDispose]();
    }
  },

  "names, reasons and errors are inert, and have an end": async () => {
    const { spans, ...sdk } = telemetry({ scopes: true });
    try {
      await TaskScope.run(async (scope) => {
        const error = Object.assign(new Error(HOSTILE), { name: HOSTILE });
        await scope.spawn(() => Promise.reject(error), { name: HOSTILE }).catch(() => {});
        await scope.spawn(() => Promise.reject(new Error("x".repeat(1_000_000)))).catch(() => {});
        const canceled = scope.spawn((task) => task.sleep(60_000), { name: "n".repeat(1_000_000) });
        canceled.cancel(new Error(HOSTILE));
        await canceled.catch(() => {});
      }, { name: HOSTILE, policy: "supervise" });
      const [hostile, long, canceled] = spans();
      assert(hostile && long && canceled);
      assertEquals(hostile.name, INERT);
      assertEquals(hostile.attributes["taskscope.task.path"], `${INERT}/${INERT}`);
      assertEquals([statusOf(hostile), hostile.attributes["error.type"]], [`error: ${INERT}`, "_OTHER"]);
      assertEquals(canceled.attributes["taskscope.cancel.reason"], INERT);
      const all = JSON.stringify(
        spans().map(({ name, attributes, status, events }) => [name, attributes, status, events]),
      );
      assert(all.length < 60_000, `${all.length}`);
      // deno-lint-ignore no-control-regex
      const acting = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u2028]/;
      for (const { name, attributes, status, events } of spans()) {
        const texts = [name, status.message, ...Object.values(attributes)];
        for (const event of events) texts.push(...Object.values(event.attributes ?? {}));
        assertEquals(texts.filter((text) => typeof text === "string" && acting.test(text)), []);
      }
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "of a stack there are the frames, below a line of ours": async () => {
    const { spans, ...sdk } = telemetry();
    try {
      const long = Object.assign(new Error("long"), {
        stack: `Error: long\n${"    at made (up.ts:1:1)\n".repeat(100_000)}`,
      });
      await TaskScope.run(async (scope) => {
        const errors = [
          new Error("\nat 12:00 the admin\nlogged in"),
          long,
          new Error("joined: \u{1f469}\u200d\u{1f52c}"),
        ];
        for (const error of errors) await scope.spawn(() => Promise.reject(error)).catch(() => {});
      }, { policy: "supervise" });
      const stacks = spans().map(({ events }) => String(events[0]?.attributes?.["exception.stacktrace"]));
      const [first, ...frames] = stacks[0]?.split("\n") ?? [];
      assertEquals(first, "Error: \\u{a}at 12:00 the admin\\u{a}logged in");
      assertEquals(frames.filter((line) => !/^\s+at .+:\d+/.test(line)), []);
      assert(frames.length > 0, "has frames");
      assert((stacks[1]?.length ?? 0) < 20_000, `${stacks[1]?.length}`);
      assert(stacks[2]?.startsWith("Error: joined: \u{1f469}\u200d\u{1f52c}\n"), stacks[2]);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "anything can be thrown": async () => {
    const { spans, ...sdk } = telemetry();
    try {
      const resists = new Proxy({}, { get: () => boom() });
      const values = [
        "text",
        undefined,
        null,
        5n,
        Symbol("s"),
        { message: "like one", name: "Foreign" },
        () => 1,
        resists,
      ];
      await TaskScope.run(async (scope) => {
        for (const value of values) {
          await scope.spawn(() => {
            throw value;
          }).then(undefined, () => {});
        }
      }, { policy: "supervise" }).catch(() => {});
      assertEquals(spans().map(({ attributes }) => attributes["error.type"]), [
        ...Array(5).fill("_OTHER"),
        "Foreign",
        "_OTHER",
        "_OTHER",
      ]);
      assertEquals(exceptionsOf(spans()[0] as (ReturnType<typeof spans>)[0]), ['_OTHER: "text"']);
      assertEquals(statusOf(spans()[7] as (ReturnType<typeof spans>)[0]), "error: a value that cannot be looked at");
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "exceptions: false leaves out messages' stacks, not the status": async () => {
    const { span, ...sdk } = telemetry({ exceptions: false });
    try {
      await TaskScope.run((scope) => scope.spawn(() => Promise.reject(new Error("boom")), { name: "task" })).catch(
        () => {},
      );
      assertEquals([statusOf(span("task")), span("task").events], ["error: boom", []]);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "mistakes in the options are told at once": () => {
    const wrong = (options: unknown, message: string) => {
      assertThrows(() => instrument(options as InstrumentOptions), TypeError, message);
    };
    wrong({ span: true }, "Cannot instrument: the options are spans");
    wrong({ spans: 1 }, "Cannot instrument: spans: a function is needed, got 1");
    wrong({ metrics: "yes" }, "Cannot instrument: metrics must be true or false");
    wrong({ attributes: {} }, "Cannot instrument: attributes");
    wrong({ tracer: {} }, "Cannot instrument: tracer needs startSpan");
    wrong({ meter: {} }, "Cannot instrument: meter needs createCounter");
    wrong({ lifetime: {} }, "Cannot instrument: lifetime needs a drain function");
    return Promise.resolve();
  },
};
