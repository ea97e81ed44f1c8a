import type { Measure, Round } from "../lib/measure.ts";
import { byHand, withComposedSignals, withTaskScope } from "./request.ts";

const REQUESTS = 1_000;

/** Timers that a finished request leaves set, those behind `AbortSignal.timeout` included. */
function alive(request: () => Promise<void>): Round {
  return async () => {
    const { setTimeout, clearTimeout } = globalThis;
    const { timeout } = AbortSignal;
    const set = new Set<unknown>();
    let timeouts = 0; // nothing clears them before their time
    Object.assign(globalThis, {
      setTimeout: (...args: Parameters<typeof setTimeout>) => {
        const timer = setTimeout(...args);
        set.add(timer);
        return timer;
      },
      clearTimeout: (timer: Parameters<typeof clearTimeout>[0]) => {
        set.delete(timer);
        clearTimeout(timer);
      },
    });
    AbortSignal.timeout = (ms) => {
      timeouts++;
      return timeout.call(AbortSignal, ms);
    };
    try {
      for (let i = 0; i < REQUESTS; i++) await request();
      return (set.size + timeouts) / REQUESTS;
    } finally {
      Object.assign(globalThis, { setTimeout, clearTimeout });
      AbortSignal.timeout = timeout;
    }
  };
}

export const measure: Measure = {
  title: "Timers that are set when a request is over, deadlines of 30 s and 10 minutes",
  unit: "timers",
  per: "request",
  operations: 1,
  isOnce: true,
  not: { workerd: "its rounds are timed from outside" },
  contenders: {
    "TaskScope": alive(withTaskScope),
    "(a) AbortSignal.any, timeout": alive(withComposedSignals),
    "(b) by hand, released": alive(byHand),
  },
  goals: [],
  most: 0.001,
};
