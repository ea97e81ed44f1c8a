import type { Measure } from "./measure.ts";

/** Every measure, loaded one at a time: a process has nothing in it but what it measures. */
export const MEASURES: Readonly<Record<string, () => Promise<{ measure: Measure }>>> = {
  spawn_join: () => import("../measures/spawn_join.ts"),
  recorder: () => import("../measures/recorder.ts"),
  diagnostics_channel: () => import("../measures/diagnostics_channel.ts"),
  task_floor: () => import("../measures/task_floor.ts"),
  one_task: () => import("../measures/one_task.ts"),
  request: () => import("../measures/request.ts"),
  signal_use: () => import("../measures/signal_use.ts"),
  cancel_10_000: () => import("../measures/cancel_10_000.ts"),
  cancel_100_000: () => import("../measures/cancel_100_000.ts"),
  cancel_deep: () => import("../measures/cancel_deep.ts"),
  map_limit: () => import("../measures/map_limit.ts"),
  memory_pending: () => import("../measures/memory_pending.ts"),
  memory_retained: () => import("../measures/memory_retained.ts"),
  timers_alive: () => import("../measures/timers_alive.ts"),
};

/** Does one round. */
export async function play({ contenders, operations }: Measure, contender: string): Promise<number> {
  const round = contenders[contender];
  if (!round) throw new Error(`There is no contender ${contender}`);
  const started = performance.now();
  const figure = await round();
  return figure ?? (performance.now() - started) * 1e6 / operations;
}
