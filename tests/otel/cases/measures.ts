import { metrics } from "@opentelemetry/api";
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider } from "@opentelemetry/sdk-metrics";
import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { assert, assertEquals } from "@std/assert";
import { map, processLifetime, TaskScope } from "@taskscope/taskscope";
import { instrument } from "@taskscope/taskscope/otel";
import type { Cases } from "../cases.ts";
import { telemetry } from "../telemetry.ts";

export const measures: Cases = {
  "tasks are counted: spawned is live plus settled, at every moment": async () => {
    const sdk = telemetry({ spans: false });
    try {
      await TaskScope.run(async (scope) => {
        const gate = Promise.withResolvers<void>();
        await scope.spawn(() => {}, { name: "ends" });
        await scope.spawn(() => Promise.reject(new RangeError("boom")), { name: "fails" }).catch(() => {});
        const open = scope.spawn(() => gate.promise, { name: "goes on" });
        assertEquals(await sdk.metrics(), [
          "task.duration{kind=task,state=failed,type=RangeError} 1",
          "task.duration{kind=task,state=succeeded} 1",
          "task.live{kind=task} 1",
          "task.settled{kind=task,state=failed,type=RangeError} 1",
          "task.settled{kind=task,state=succeeded} 1",
          "task.spawned{kind=task} 3",
        ]);
        gate.resolve();
        await open;
        await scope.spawnDetached(() => {}, { deadline: 1_000 });
        await scope.shield(() => {}, { deadline: 1_000 });
      }, { policy: "supervise" }).catch(() => {});
      const lines = await sdk.metrics();
      for (const kind of ["task", "detached", "shield"]) assert(lines.includes(`task.live{kind=${kind}} 0`), kind);
      assert(lines.includes("task.deadline_slack{kind=detached,state=succeeded} 1"));
      assertEquals([sdk.spans().length, sdk.instrumentation.live], [0, 0]);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "times are in seconds, with buckets for seconds; a deadline that has passed leaves 0": async () => {
    const sdk = telemetry();
    try {
      await TaskScope.run((scope) => scope.spawn((task) => task.sleep(60_000), { deadline: 10 })).catch(() => {});
      const slack = await sdk.histogram("taskscope.task.deadline_slack");
      assertEquals([slack.unit, slack.min, slack.max], ["s", 0, 0]);
      const duration = await sdk.histogram("taskscope.task.duration");
      assert(duration.min > 0.005 && duration.max < 10, `${duration.min} ${duration.max}`);
      assertEquals([duration.boundaries[0], duration.boundaries.at(-1)], [0.005, 10]);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "names are attributes of metrics only if asked for": async () => {
    const sdk = telemetry({ spans: false, metricNames: true });
    try {
      await TaskScope.run((scope) => scope.spawn(() => {}, { name: "load" }));
      assert((await sdk.metrics()).includes("task.spawned{kind=task,name=load} 1"));
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "error types that input makes up do not become ever new time series": async () => {
    const sdk = telemetry({ spans: false });
    try {
      await TaskScope.run((scope) => {
        for (let i = 0; i < 300; i++) {
          scope.spawn(() => Promise.reject(Object.assign(new Error(), { name: `E${i}` }))).catch(() => {});
        }
        scope.spawn(() => Promise.reject(Object.assign(new Error(), { name: "<script> 1" }))).catch(() => {});
      }, { policy: "supervise" });
      const lines = (await sdk.metrics()).filter((line) => line.startsWith("task.settled{"));
      assertEquals([lines.length, lines.filter((line) => /_OTHER\} 201$/.test(line)).length], [101, 1]);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "drains of a lifetime are measured, and it is as before afterwards": async () => {
    const lifetime = processLifetime();
    const { drain } = lifetime;
    const sdk = telemetry({ lifetime });
    const second = telemetry({ lifetime });
    const third = telemetry({ lifetime, metrics: false });
    try {
      await TaskScope.run((scope) => void scope.spawnDetached(() => {}, { deadline: 5_000 }));
      assertEquals((await lifetime.drain({ deadline: 5_000 })).pending, 0);
      assert((await sdk.metrics()).includes("drain.duration{result=completed} 1"));
      assertEquals((await sdk.histogram("taskscope.drain.duration")).unit, "s");
      await sdk[Symbol.asyncDispose]();
      const stuck = Promise.withResolvers<void>();
      lifetime.waitUntil(stuck.promise);
      await TaskScope.run((scope) => {
        const task = scope.spawnDetached((task) => task.sleep(60_000), { deadline: 120_000 });
        task.catch(() => {});
      });
      assertEquals((await lifetime.drain({ deadline: 300, margin: 250 })).pending, 1);
      stuck.resolve();
      const drains = (lines: string[]) => lines.filter((line) => line.startsWith("drain"));
      assertEquals(drains(await second.metrics()), [
        "drain.duration{result=completed} 1",
        "drain.duration{result=pending} 1",
      ]);
      assertEquals(drains(await third.metrics()), []);
    } finally {
      for (const each of [sdk, second, third]) await each[Symbol.asyncDispose]();
    }
    assertEquals([lifetime.drain === drain, Object.keys(lifetime)], [true, []]);
  },

  "a lifetime with a drain of its own, or one that was covered since, keeps that": async () => {
    const report = { completed: 0, canceled: 0, pending: 0 };
    const own = () => Promise.resolve(report);
    const lifetime = Object.assign(Object.create(processLifetime()), { drain: own });
    const sdk = telemetry({ lifetime });
    try {
      assertEquals(await lifetime.drain({ deadline: 1_000 }), report);
      assert((await sdk.metrics()).includes("drain.duration{result=completed} 1"));
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
    assertEquals(lifetime.drain, own);
    const again = telemetry({ lifetime });
    const measured = lifetime.drain;
    const covering = () => measured.call(lifetime, { deadline: 1_000 });
    lifetime.drain = covering;
    await again[Symbol.asyncDispose]();
    assertEquals([lifetime.drain, await lifetime.drain()], [covering, report]);
  },

  "tasks without a name have one name together: each new one would be a new time series": async () => {
    const sdk = telemetry({ metricNames: true });
    try {
      await TaskScope.run(async (scope) => {
        await map(scope, [1, 2, 3], (item) => Promise.resolve(item));
        await scope.shield(() => {}, { deadline: 1_000 });
        await scope.spawnDetached(() => {}, { deadline: 1_000 });
      }, { name: "page" });
      const lines = (await sdk.metrics()).filter((line) => line.startsWith("task.spawned"));
      assertEquals(lines, [
        "task.spawned{kind=detached,name=detached} 1",
        "task.spawned{kind=shield,name=shield} 1",
        "task.spawned{kind=task,name=map} 1",
        "task.spawned{kind=task,name=task} 3",
      ]);
      assertEquals(sdk.spans().map(({ name }) => name), ["task", "task", "task", "map", "shield", "detached"]);
      assertEquals(sdk.spans()[0]?.attributes["taskscope.task.path"], "page/map/task-1");
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "what is told of an error costs no stack where none is shown": async () => {
    const sdk = telemetry({ exceptions: false });
    try {
      let reads = 0;
      const boom = Object.defineProperty(new Error("boom"), "stack", { get: () => String(reads++) });
      await TaskScope.run((scope) => {
        scope.spawn(() => Promise.reject(boom));
        for (let i = 0; i < 3; i++) scope.spawn((task) => task.sleep(60_000));
      }).catch(() => {});
      assertEquals([reads, sdk.spans().length], [0, 4]);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "a meter provider that is registered later is used from then on": async () => {
    const instrumentation = instrument({ spans: false });
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 });
    const provider = new MeterProvider({ readers: [reader] });
    try {
      await TaskScope.run((scope) => scope.spawn(() => {}));
      metrics.setGlobalMeterProvider(provider);
      await TaskScope.run((scope) => scope.spawn(() => {}));
      await reader.forceFlush();
      const [scope] = exporter.getMetrics().at(-1)?.scopeMetrics ?? [];
      const spawned = scope?.metrics.find(({ descriptor }) => descriptor.name === "taskscope.task.spawned");
      assertEquals([scope?.scope.name, scope?.scope.version, spawned?.dataPoints[0]?.value], [
        "@taskscope/taskscope",
        "0.1.0",
        1,
      ]);
    } finally {
      metrics.disable();
      instrumentation.stop();
      await provider.shutdown();
    }
  },
};
