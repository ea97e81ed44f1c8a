/** `./otel` in a Worker, where nobody has registered an SDK: it loads, and work goes on as without it. */
import { trace } from "@opentelemetry/api";
import { assertEquals, assertRejects } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { instrument } from "@taskscope/taskscope/otel";

async function works(): Promise<void> {
  const pending: Promise<unknown>[] = [];
  const lifetime = { waitUntil: (promise: Promise<unknown>) => void pending.push(promise) };
  const instrumentation = instrument({ scopes: true, metricNames: true });
  const seen: unknown[] = [];
  await TaskScope.run(async (scope) => {
    const value = scope.spawn((task) => task.spawn(() => 42, { name: "inner" }), { name: "outer" });
    seen.push(await value, trace.getActiveSpan(), instrumentation.live);
    await assertRejects(() => scope.spawn(() => Promise.reject(new RangeError("boom"))), RangeError);
    await scope.shield(() => {}, { deadline: 1_000 });
    scope.spawnDetached(() => void seen.push("audited"), { deadline: 1_000 });
  }, { name: "request", policy: "supervise", lifetime });
  await Promise.all(pending);
  assertEquals(seen, [42, undefined, 1, "audited"]);
  assertEquals(instrumentation.live, 0);
  instrumentation.stop();
}

export default {
  async test(): Promise<void> {
    const errors: unknown[] = [];
    const { error } = console;
    console.error = (...args: unknown[]) => void errors.push(args.join(" "));
    try {
      await works();
    } finally {
      console.error = error;
    }
    assertEquals(errors, [], "nothing is told of what was awaited");
    console.log(JSON.stringify({ passed: 1, failed: 0 }));
  },
};
