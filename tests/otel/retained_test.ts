/** Nothing of a task is kept once it has ended, or has been abandoned and nobody can end it any more. */
import { ROOT_CONTEXT } from "@opentelemetry/api";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { assert, assertEquals } from "@std/assert";
import { type Task, TaskScope } from "@taskscope/taskscope";
import { instrument } from "@taskscope/taskscope/otel";
import { around, watcher } from "../../src/watch.ts";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const gc: () => void = runInNewContext("gc");

Deno.test("instrument() keeps nothing of tasks that have ended, nor of abandoned ones that never will", async () => {
  const tracer = new BasicTracerProvider({ spanProcessors: [] }).getTracer("test");
  assert(tracer.startSpan("is recording", {}, ROOT_CONTEXT).isRecording());
  const instrumentation = instrument({ tracer, scopes: true });
  const tasks: WeakRef<Task<unknown>>[] = [];
  const { error } = console;
  console.error = () => {};
  try {
    const work = () =>
      TaskScope.run((scope) => {
        for (let i = 0; i < 10; i++) {
          tasks.push(new WeakRef(scope.spawn((task) => task.spawn(() => {}))));
          tasks.push(new WeakRef(scope.spawnDetached(() => {}, { deadline: 1_000 })));
          tasks.push(new WeakRef(scope.spawn(() => new Promise(() => {})))); // ignores its cancellation
        }
        return scope.sleep(1).then(() => scope.cancel());
      }, { grace: 1, policy: "supervise" }).catch(() => {});
    await work();
    assertEquals([tasks.length, instrumentation.live], [30, 0]);
    let left = tasks.length;
    for (let tries = 0; tries < 20 && left > 0; tries++) {
      await new Promise((resolve) => setTimeout(resolve)); // a WeakRef holds until the turn is over
      gc();
      left = tasks.filter((task) => task.deref()).length;
    }
    assertEquals(left, 0);
  } finally {
    console.error = error;
    instrumentation.stop();
  }
});

Deno.test("instrument() frees the seams of the core when it is stopped and the last task has ended", async () => {
  const instrumentation = instrument();
  await TaskScope.run(async (scope) => {
    const gate = Promise.withResolvers<void>();
    const task = scope.spawn(() => gate.promise);
    instrumentation.stop();
    assert(watcher && around);
    gate.resolve();
    await task;
    assertEquals([watcher, around], [undefined, undefined]);
  });
});

Deno.test("instrument() keeps nothing of the detached tasks that a detached task comes from", async () => {
  const spans: WeakRef<object>[] = [];
  const tracer = new BasicTracerProvider({ spanProcessors: [] }).getTracer("test");
  const noting = {
    startSpan(...args: Parameters<typeof tracer.startSpan>) {
      const span = tracer.startSpan(...args);
      spans.push(new WeakRef(span));
      return span;
    },
  };
  const instrumentation = instrument({ tracer: noting });
  const [gate, last] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const chain = (scope: TaskScope, left: number): void => {
    scope.spawnDetached((task) => {
      if (left > 0) return chain(task, left - 1);
      last.resolve();
      return gate.promise;
    }, { deadline: 10_000 });
  };
  try {
    await TaskScope.run((scope) => chain(scope, 20));
    await last.promise;
    let left = spans.length;
    for (let tries = 0; tries < 20 && left > 2; tries++) {
      await new Promise((resolve) => setTimeout(resolve));
      gc();
      left = spans.filter((span) => span.deref()).length;
    }
    assertEquals([spans.length, instrumentation.live], [21, 1]);
    assert(left <= 2, `${left} spans, of the last one and where it was spawned`);
  } finally {
    gate.resolve();
    instrumentation.stop();
  }
});
