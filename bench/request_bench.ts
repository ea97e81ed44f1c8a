/**
 * The shape of a request, against what people write by hand: one long-lived signal, a deadline of 30 s, two tasks, and
 * one detached with a deadline of ten minutes.
 */
import { TaskScope } from "@taskscope/taskscope";

const shutdown = new AbortController();
const lifetime = { waitUntil() {} };

async function work(value: number): Promise<number> {
  await null;
  return value;
}

Deno.bench({
  name: "TaskScope",
  group: "a request",
  baseline: true,
  async fn() {
    await TaskScope.run(async (scope) => {
      const user = scope.spawn(() => work(1));
      const posts = scope.spawn(() => work(2));
      scope.spawnDetached(() => work(3), { deadline: { minutes: 10 } });
      return await user + await posts;
    }, { signal: shutdown.signal, deadline: 30_000, lifetime });
  },
});

Deno.bench({
  name: "AbortSignal.any([parent, AbortSignal.timeout(ms)]) for each task",
  group: "a request",
  async fn() {
    const listener = () => {};
    const request = AbortSignal.any([shutdown.signal, AbortSignal.timeout(30_000)]);
    const signals = [
      request,
      AbortSignal.any([request, AbortSignal.timeout(30_000)]),
      AbortSignal.any([request, AbortSignal.timeout(30_000)]),
      AbortSignal.any([shutdown.signal, AbortSignal.timeout(600_000)]),
    ];
    for (const signal of signals) signal.addEventListener("abort", listener);
    await Promise.all([work(1), work(2), work(3)]);
    for (const signal of signals) signal.removeEventListener("abort", listener);
  },
});

Deno.bench({
  name: "one controller, one listener, two timers, all released",
  group: "a request",
  async fn() {
    const controller = new AbortController();
    const abort = () => controller.abort(shutdown.signal.reason);
    shutdown.signal.addEventListener("abort", abort);
    const timer = setTimeout(() => controller.abort(new DOMException("", "TimeoutError")), 30_000);
    const detached = new AbortController();
    const detachedTimer = setTimeout(() => detached.abort(new DOMException("", "TimeoutError")), 600_000);
    const audit = work(3).finally(() => clearTimeout(detachedTimer));
    try {
      await Promise.all([work(1), work(2)]);
    } finally {
      clearTimeout(timer);
      shutdown.signal.removeEventListener("abort", abort);
    }
    await audit;
  },
});
