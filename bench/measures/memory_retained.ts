import { heapNow, liveHeap } from "../lib/heap.ts";
import type { Measure, Round } from "../lib/measure.ts";
import { withComposedSignals, withTaskScope } from "./request.ts";

/** Bytes that a finished request leaves behind after garbage collections, its deadlines being still far away. */
function retained(request: () => Promise<void>, requests: number): Round {
  return async () => {
    for (let i = 0; i < 5_000; i++) await request();
    const before = await liveHeap();
    for (let i = 0; i < requests; i++) await request();
    return (await liveHeap() - before) / requests;
  };
}

/** The same before any collection that was asked for: what the runtime has not cleared yet. */
function beforeCollection(request: () => Promise<void>, requests: number): Round {
  return async () => {
    for (let i = 0; i < 5_000; i++) await request();
    const before = await liveHeap();
    for (let i = 0; i < requests; i++) await request();
    return (heapNow() - before) / requests;
  };
}

export const measure: Measure = {
  title: "Memory that a finished request retains, deadlines of 30 s and 10 minutes",
  unit: "bytes",
  per: "request",
  operations: 1,
  isOnce: true,
  not: { workerd: "its heap cannot be read" },
  contenders: {
    "TaskScope": retained(withTaskScope, 300_000),
    "TaskScope, before gc": beforeCollection(withTaskScope, 300_000),
    // Fewer: its cost grows with what it retains.
    "(a) AbortSignal.any, timeout": retained(withComposedSignals, 20_000),
  },
  goals: [],
  most: 2,
};
