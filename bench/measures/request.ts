import { TaskScope } from "@taskscope/taskscope";
import { LeastScope, type LeastTask } from "../lib/least.ts";
import { ignore, lifetime, type Measure, shutdown, work } from "../lib/measure.ts";

const REQUESTS = 1_000;

export async function withTaskScope(): Promise<void> {
  const { audit } = await TaskScope.run(async (scope) => {
    const user = scope.spawn(() => work(1));
    const posts = scope.spawn(() => work(2));
    const audit = scope.spawnDetached(() => work(3), { deadline: 600_000 });
    await user;
    await posts;
    return { audit };
  }, { signal: shutdown.signal, deadline: 30_000, lifetime });
  await audit;
}

/** Baseline (a): a composed signal a task, with a listener as `fetch` adds one. */
export async function withComposedSignals(): Promise<void> {
  const start = (parent: AbortSignal, ms: number, value: number) => {
    const signal = AbortSignal.any([parent, AbortSignal.timeout(ms)]);
    signal.addEventListener("abort", ignore);
    return work(value);
  };
  const request = AbortSignal.any([shutdown.signal, AbortSignal.timeout(30_000)]);
  const audit = start(shutdown.signal, 600_000, 3);
  await Promise.all([start(request, 30_000, 1), start(request, 30_000, 2)]);
  await audit;
}

/** Baseline (b): one controller, one listener and one timer for what may be canceled, all released. */
export async function byHand(): Promise<void> {
  const parent = shutdown.signal;
  const request = new AbortController();
  const abort = () => request.abort(parent.reason);
  parent.addEventListener("abort", abort);
  const timer = setTimeout(() => request.abort(new DOMException("Timed out", "TimeoutError")), 30_000);
  const detached = new AbortController();
  const detachedTimer = setTimeout(() => detached.abort(new DOMException("Timed out", "TimeoutError")), 600_000);
  const audit = work(3).finally(() => clearTimeout(detachedTimer));
  try {
    await Promise.all([work(1), work(2)]);
  } finally {
    clearTimeout(timer);
    parent.removeEventListener("abort", abort);
  }
  await audit;
}

/** The same with a tree, handles and one timer, and nothing else. */
export async function withTheLeast(): Promise<void> {
  const { audit } = await LeastScope.run(async (scope) => {
    const user = scope.spawn(() => work(1));
    const posts = scope.spawn(() => work(2));
    const audit = scope.spawnDetached(() => work(3), lifetime, 600_000);
    await user;
    await posts;
    return { audit };
  }, { signal: shutdown.signal, deadline: 30_000 }) as { audit: LeastTask };
  await audit;
}

export const measure: Measure = {
  title: "A request: follow a long-lived signal, deadline, spawn two, detach one for ten minutes, all settle",
  unit: "ns",
  per: "request",
  operations: REQUESTS,
  contenders: {
    async "TaskScope"() {
      for (let i = 0; i < REQUESTS; i++) await withTaskScope();
    },
    async "(a) AbortSignal.any, timeout"() {
      for (let i = 0; i < REQUESTS; i++) await withComposedSignals();
    },
    async "(b) by hand, released"() {
      for (let i = 0; i < REQUESTS; i++) await byHand();
    },
    async "the least that a scope can be"() {
      for (let i = 0; i < REQUESTS; i++) await withTheLeast();
    },
  },
  goals: [
    { against: "(a) AbortSignal.any, timeout", timesLess: 1 },
    { against: "(b) by hand, released", within: 2 },
  ],
};
