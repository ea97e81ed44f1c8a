import { context, INVALID_SPAN_CONTEXT, trace } from "@opentelemetry/api";
import { assertEquals } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { scoped } from "@taskscope/taskscope/http";
import type { Cases } from "../cases.ts";
import { manager, telemetry } from "../telemetry.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLER = "b7ad6b7169203331";

export const parents: Cases = {
  "a task is a child of the span that is active at its spawn": async () => {
    const { tracer, span, ...sdk } = telemetry();
    try {
      await tracer.startActiveSpan("request", async (request) => {
        await TaskScope.run(async (scope) => {
          scope.spawn((task) => void task.spawn(() => {}, { name: "inner" }), { name: "outer" });
          await tracer.startActiveSpan("step", async (step) => {
            await scope.spawn(() => {}, { name: "in step" });
            step.end();
          });
        });
        request.end();
      });
      const idOf = (name: string) => span(name).spanContext().spanId;
      assertEquals(span("outer").parentSpanContext?.spanId, idOf("request"));
      assertEquals(span("inner").parentSpanContext?.spanId, idOf("outer"));
      assertEquals(span("in step").parentSpanContext?.spanId, idOf("step"));
      assertEquals(new Set(sdk.spans().map((each) => each.spanContext().traceId)).size, 1);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "the span of a task is active in its function, and after each await": async () => {
    const { span, ...sdk } = telemetry();
    try {
      const seen: (string | undefined)[] = [];
      const note = () => seen.push(trace.getActiveSpan()?.spanContext().spanId);
      await TaskScope.run(async (scope) => {
        await scope.spawn(async () => {
          note();
          await Promise.resolve();
          note();
        }, { name: "task" });
        assertEquals(trace.getActiveSpan(), undefined);
        await scope.shield(note as () => unknown, { name: "shield", deadline: 1_000 });
      });
      const [task, shield] = [span("task").spanContext().spanId, span("shield").spanContext().spanId];
      assertEquals(seen, [task, task, shield]);
      assertEquals(span("shield").attributes["taskscope.task.kind"], "shield");
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "scopes: a root scope has a span, and is nearer than what was active when it was opened": async () => {
    const { tracer, span, ...sdk } = telemetry({ scopes: ({ name }) => name !== "quiet" });
    try {
      await tracer.startActiveSpan("request", async (request) => {
        await TaskScope.run((scope) => void scope.spawn(() => {}, { name: "in run" }), { name: "run" });
        const scope = new TaskScope({ name: "by hand" });
        scope.spawn(() => {}, { name: "in by hand" });
        await scope.join();
        await TaskScope.run(() => {}, { name: "quiet" });
        request.end();
      });
      const parentOf = (name: string) => span(name).parentSpanContext?.spanId;
      const idOf = (name: string) => span(name).spanContext().spanId;
      assertEquals([parentOf("run"), parentOf("in run")], [idOf("request"), idOf("run")]);
      assertEquals([parentOf("by hand"), parentOf("in by hand")], [idOf("request"), idOf("by hand")]);
      assertEquals(span("run").attributes["taskscope.task.kind"], "scope");
      assertEquals(sdk.spans().some(({ name }) => name === "quiet"), false);
      assertEquals(sdk.instrumentation.live, 0);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "without a context manager, a task is a child of the scope that owns it": async () => {
    const { span, ...sdk } = telemetry({ scopes: true, spans: ({ name }) => name !== "quiet" });
    context.disable();
    try {
      await TaskScope.run(async (scope) => {
        await scope.spawn((task) => void task.spawn(() => {}, { name: "below quiet" }), { name: "quiet" });
        await scope.spawn((task) => void task.spawn(() => {}, { name: "inner" }), { name: "outer" });
        await scope.spawnDetached(() => {}, { name: "audit", deadline: 1_000 });
      }, { name: "root" });
      const idOf = (name: string) => span(name).spanContext().spanId;
      assertEquals(span("inner").parentSpanContext?.spanId, idOf("outer"));
      assertEquals(span("outer").parentSpanContext?.spanId, idOf("root"));
      assertEquals(span("below quiet").parentSpanContext?.spanId, idOf("root"));
      assertEquals(span("audit").links.map((link) => link.context.spanId), [idOf("root")]);
    } finally {
      context.setGlobalContextManager(manager.enable());
      await sdk[Symbol.asyncDispose]();
    }
  },

  "a filtered task has no span, and leaves the active one as it is": async () => {
    const { tracer, span, ...sdk } = telemetry({ spans: ({ name }) => name !== "heartbeat" });
    try {
      await tracer.startActiveSpan("request", async (request) => {
        await TaskScope.run((scope) => {
          scope.spawn((task) => {
            assertEquals(trace.getActiveSpan(), request);
            task.spawn(() => {}, { name: "inner" });
          }, { name: "heartbeat" });
        });
        request.end();
      });
      assertEquals(sdk.spans().map(({ name }) => name), ["inner", "request"]);
      assertEquals(span("inner").parentSpanContext?.spanId, span("request").spanContext().spanId);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "attributes of the user's are called where the spawner's span is active": async () => {
    const { tracer, span, ...sdk } = telemetry({
      attributes: ({ name }) => ({ "app.name": name, "app.from": trace.getActiveSpan()?.spanContext().traceId ?? "" }),
    });
    try {
      const traceId = await tracer.startActiveSpan("request", async (request) => {
        await TaskScope.run((scope) => scope.spawnDetached(() => {}, { name: "audit", deadline: 1_000 }));
        return request.spanContext().traceId;
      });
      const { attributes } = span("audit");
      assertEquals([attributes["app.name"], attributes["app.from"]], ["audit", traceId]);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "the traceparent that scoped() found is the parent where no span is active": async () => {
    const { span, ...sdk } = telemetry();
    try {
      const handler = scoped(async (_request, scope) => {
        await scope.spawn(() => {}, { name: "load" });
        await scope.spawnDetached(() => {}, { name: "audit", deadline: 1_000 });
        return new Response();
      });
      await handler(new Request("http://localhost/", { headers: { traceparent: `00-${TRACE}-${CALLER}-01` } }));
      const { traceId, spanId, isRemote } = span("load").parentSpanContext ?? {};
      assertEquals([traceId, spanId, isRemote], [TRACE, CALLER, true]);
      assertEquals(span("audit").links.map((link) => [link.context.traceId, link.context.spanId]), [[TRACE, CALLER]]);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "of a path that is too long, its end is told, where the task is": async () => {
    const { span, ...sdk } = telemetry();
    try {
      const nest = (scope: TaskScope, depth: number): Promise<void> =>
        depth === 0
          ? scope.spawn(() => {}, { name: "leaf" })
          : scope.spawn((task) => nest(task, depth - 1), { name: "level of the tree" });
      await TaskScope.run((scope) => nest(scope, 200), { name: "page" });
      const path = String(span("leaf").attributes["taskscope.task.path"]);
      assertEquals([path.length, path.slice(0, 1), path.slice(-23)], [1_024, "…", "/level of the tree/leaf"]);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "the span of a root scope has its deadline, and so has that of what is canceled before it begins": async () => {
    const { spans, ...sdk } = telemetry({ scopes: true });
    try {
      const deadline = new Date(Date.now() + 60_000);
      for (const signal of [[], AbortSignal.abort("gone")]) {
        await TaskScope.run(() => {}, { name: "page", deadline, signal }).catch(() => {});
      }
      const told = spans().map(({ attributes }) => attributes["taskscope.deadline"]);
      assertEquals(told, [deadline.toISOString(), deadline.toISOString()]);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "where nothing is active, or no more than a span without an id, the scope's span or the caller's is the parent":
    async () => {
      const { tracer, span, ...sdk } = telemetry({ scopes: true });
      try {
        const invalid = trace.setSpan(context.active(), trace.wrapSpanContext(INVALID_SPAN_CONTEXT));
        const shared = tracer.startActiveSpan("request", (request) => {
          request.end();
          return new TaskScope({ name: "shared" });
        });
        await shared.spawn(() => {}, { name: "of a timer" });
        await context.with(invalid, () => shared.spawn(() => {}, { name: "below nothing" }));
        await shared.close();
        const idOf = (name: string) => span(name).spanContext().spanId;
        assertEquals(span("shared").parentSpanContext?.spanId, idOf("request"));
        assertEquals(span("of a timer").parentSpanContext?.spanId, idOf("shared"));
        assertEquals(span("below nothing").parentSpanContext?.spanId, idOf("shared"));
        const handler = scoped(() => new Response());
        const headers = { traceparent: `00-${TRACE}-${CALLER}-01` };
        await context.with(invalid, () => handler(new Request("http://localhost/", { headers })));
        assertEquals(span("GET /").parentSpanContext?.spanId, CALLER);
      } finally {
        await sdk[Symbol.asyncDispose]();
      }
    },
};
