/**
 * Polls pg-boss: takes as many jobs as there are places, and frees those whose worker is gone.
 *
 * Invariants:
 * 1. What comes when the consumption is stopped is given back at once.
 * 2. Of all workers with the same lease, one sweeps in a quarter of it.
 *
 * @module
 */
import { Bell } from "../http/operations/bell.ts";
import { show } from "../validate.ts";
import type { ConsumeOptions, Delivery, Verdict } from "./engine.ts";
import { insist } from "./insist.ts";
import type { Jobs, LeasedJob } from "./pg_boss_jobs.ts";
import type { PgBossRecords } from "./pg_boss_records.ts";
import { Places } from "./places.ts";

const PAUSE_AFTER_ERROR = 500; // milliseconds
const SWEEPS_A_LEASE = 4;
const PURGE_EVERY = 60_000; // milliseconds

/** Hands jobs to `receive` until it is stopped. */
export function consume(
  jobs: Jobs,
  records: PgBossRecords,
  receive: (delivery: Delivery) => Promise<Verdict>,
  { concurrency, lease, poll, onError }: ConsumeOptions & { readonly poll: number },
): { wake: () => void; stop: () => Promise<void> } {
  const places = new Places(concurrency);
  const idle = new Bell();
  const betweenSweeps = new Bell();
  let isStopped = false;

  async function handle(job: LeasedJob): Promise<void> {
    let until = Date.now() + lease;
    const options = { until: () => until, onError, isFinal: () => false };
    if (isStopped) return await insist(() => jobs.settle(job, { kind: "give-back" }), options); // invariant 1
    try {
      const { id, body, attempt, waited } = job;
      const verdict = await receive({
        ...{ id, body, attempt, waited },
        async extend(ms) {
          const end = Date.now() + ms;
          if (!await jobs.extend(job, ms)) throw new Error(`Cannot extend the lease of ${show(id)}: it is over`);
          until = end;
        },
      });
      await insist(() => jobs.settle(job, verdict), options);
    } catch (error) {
      onError(error); // it comes again when its lease is over
    }
  }

  /** Calls `step` until it is stopped; it says how long to rest before the next. */
  async function repeat(bell: Bell, step: () => Promise<number>): Promise<void> {
    while (!isStopped) {
      const rest = await step().catch((error) => {
        onError(error);
        return PAUSE_AFTER_ERROR;
      });
      if (rest > 0 && !isStopped) await bell.wait(rest);
    }
  }

  const interval = Math.max(lease / SWEEPS_A_LEASE, 10);
  const loops = [
    repeat(idle, async () => {
      await places.room();
      if (isStopped) return 0;
      const claimed = await jobs.claim(places.free, lease);
      for (const job of claimed) places.use(() => handle(job));
      return claimed.length > 0 ? 0 : poll;
    }),
    repeat(betweenSweeps, async () => {
      // Nobody else's turn ends before ours, so that there is a sweep in every interval.
      if (await records.set(`${jobs.sweepKey}:${interval}`, "", interval * 0.9, true) && await jobs.sweep(lease) > 0) {
        idle.ring();
      }
      if (await records.set(jobs.purgeKey, "", PURGE_EVERY, true)) await records.purge();
      return interval;
    }),
  ];

  let stopping: Promise<void> | undefined;
  async function stop(): Promise<void> {
    isStopped = true;
    idle.ring();
    betweenSweeps.ring();
    await Promise.all([places.empty(), ...loops]);
    await places.empty(); // of what came meanwhile
  }
  return { wake: () => idle.ring(), stop: () => stopping ??= stop() };
}
