/**
 * How long the drains of a process take.
 *
 * @module
 */
import type { DrainOptions, DrainReport, ProcessLifetime } from "../process_lifetime.ts";

type Measured = (duration: number, report: DrainReport) => void;

const watched = new WeakMap<ProcessLifetime, Set<Measured>>();

/**
 * Has every drain of a lifetime measured, those after a signal included: its `drain` is covered by one of its own.
 *
 * @param measured Is told the time in seconds, before the drain returns.
 * @returns What takes it away again.
 */
export function watchDrains(lifetime: ProcessLifetime, measured: Measured): () => void {
  const all = watched.get(lifetime) ?? cover(lifetime);
  all.add(measured);
  return () => {
    if (all.delete(measured) && all.size === 0 && watched.delete(lifetime)) {
      delete (lifetime as Partial<ProcessLifetime>).drain;
    }
  };
}

function cover(lifetime: ProcessLifetime): Set<Measured> {
  const all = new Set<Measured>();
  watched.set(lifetime, all);
  const { drain } = lifetime;
  lifetime.drain = async (options: DrainOptions): Promise<DrainReport> => {
    const since = performance.now();
    const report = await drain.call(lifetime, options);
    for (const each of all) each((performance.now() - since) / 1_000, report);
    return report;
  };
  return all;
}

/** What became of a drain, in one word. */
export function resultOf({ pending, canceled }: DrainReport): "completed" | "canceled" | "pending" {
  if (pending > 0) return "pending";
  return canceled > 0 ? "canceled" : "completed";
}
