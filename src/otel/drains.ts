/**
 * How long the drains of a process take.
 *
 * @module
 */
import type { DrainOptions, DrainReport, ProcessLifetime } from "../process_lifetime.ts";

type Measured = (duration: number, report: DrainReport) => void;

/** A lifetime whose drain is covered. */
interface Cover {
  readonly all: Set<Measured>;
  /** Makes the drain what it was, unless somebody has covered this one. */
  takeAway(): void;
}

const watched = new WeakMap<ProcessLifetime, Cover>();

/**
 * Has every drain of a lifetime measured, those after a signal included: its `drain` is covered by one of its own.
 *
 * @param measured Is told the time in seconds, before the drain returns.
 * @returns What takes it away again.
 */
export function watchDrains(lifetime: ProcessLifetime, measured: Measured): () => void {
  const { all, takeAway } = watched.get(lifetime) ?? cover(lifetime);
  all.add(measured);
  return () => {
    if (all.delete(measured) && all.size === 0 && watched.delete(lifetime)) takeAway();
  };
}

function cover(lifetime: ProcessLifetime): Cover {
  const all = new Set<Measured>();
  const { drain } = lifetime;
  const own = Object.getOwnPropertyDescriptor(lifetime, "drain");
  const covering = lifetime.drain = async (options: DrainOptions): Promise<DrainReport> => {
    const since = performance.now();
    const report = await drain.call(lifetime, options);
    for (const each of all) each((performance.now() - since) / 1_000, report);
    return report;
  };
  const takeAway = () => {
    if (lifetime.drain !== covering) return;
    if (own) Object.defineProperty(lifetime, "drain", own);
    else delete (lifetime as Partial<ProcessLifetime>).drain;
  };
  const added = { all, takeAway };
  watched.set(lifetime, added);
  return added;
}

/** What became of a drain, in one word. */
export function resultOf({ pending, canceled }: DrainReport): "completed" | "canceled" | "pending" {
  if (pending > 0) return "pending";
  return canceled > 0 ? "canceled" : "completed";
}
