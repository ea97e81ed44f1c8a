import { context, createContextKey, propagation, trace } from "@opentelemetry/api";
import { AlwaysOffSampler } from "@opentelemetry/sdk-trace-base";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import type { Cases } from "../cases.ts";
import { exceptionsOf, telemetry } from "../telemetry.ts";

const OTHER = createContextKey("other");

export const detached: Cases = {
  "a detached task is a new root with a link to its request, and keeps baggage and all else": async () => {
    const { tracer, span, ...sdk } = telemetry();
    try {
      const gate = Promise.withResolvers<void>();
      const seen: unknown[] = [];
      const baggage = propagation.createBaggage({ tenant: { value: "acme" } });
      const outside = propagation.setBaggage(context.active(), baggage).setValue(OTHER, "kept");
      const task = await context.with(outside, () =>
        tracer.startActiveSpan("request", async (request) => {
          const handles = await TaskScope.run((scope) => ({
            task: scope.spawnDetached(async (audit) => {
              await gate.promise;
              seen.push(propagation.getActiveBaggage()?.getEntry("tenant")?.value, context.active().getValue(OTHER));
              await audit.spawn(() => {}, { name: "write" });
            }, { name: "audit", deadline: 5_000 }),
          }));
          request.end();
          return handles;
        }));
      assert(span("request").ended);
      gate.resolve();
      await task.task;
      const [request, audit, write] = [span("request"), span("audit"), span("write")];
      assertEquals(seen, ["acme", "kept"]);
      assertEquals(audit.parentSpanContext, undefined);
      assertNotEquals(audit.spanContext().traceId, request.spanContext().traceId);
      assertEquals(audit.links.map((link) => [link.context.spanId, link.context.traceId, link.attributes]), [
        [request.spanContext().spanId, request.spanContext().traceId, { "taskscope.link.type": "spawner" }],
      ]);
      assertEquals(audit.attributes["taskscope.task.kind"], "detached");
      assert(Date.parse(String(audit.attributes["taskscope.deadline"])) > Date.now());
      assertEquals(write.parentSpanContext?.spanId, audit.spanContext().spanId);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "a detached task of a detached task is linked to that one; without any span, to none": async () => {
    const { span, ...sdk } = telemetry();
    try {
      await TaskScope.run(async (scope) => {
        await scope.spawnDetached(async (first) => {
          await first.spawnDetached(() => {}, { name: "second", deadline: 1_000 });
        }, { name: "first", deadline: 2_000 });
      });
      assertEquals(span("first").links, []);
      assertEquals(span("second").links.map((link) => link.context.spanId), [span("first").spanContext().spanId]);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "an error of a detached task is told in its trace, and again in that of a task that fails with it": async () => {
    const { span, ...sdk } = telemetry();
    try {
      await TaskScope.run((scope) => {
        scope.spawn(async (task) => {
          await task.spawnDetached(() => Promise.reject(new Error("boom")), { name: "audit", deadline: 1_000 });
        }, { name: "waits" });
      }).catch(() => {});
      assertEquals([exceptionsOf(span("audit")), exceptionsOf(span("waits"))], [["Error: boom"], ["Error: boom"]]);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "not sampled: nothing is exported, nothing is kept, and the context still flows": async () => {
    const sdk = telemetry({ scopes: true }, new AlwaysOffSampler());
    try {
      const flags = await TaskScope.run((scope) =>
        scope.spawn(() => trace.getActiveSpan()?.spanContext().traceFlags, { name: "task" })
      );
      assertEquals([flags, sdk.spans().length, sdk.instrumentation.live], [0, 0, 0]);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },
};
