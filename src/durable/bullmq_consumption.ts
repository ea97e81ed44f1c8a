/**
 * Takes jobs from BullMQ one by one, as its manual says for those who process jobs by themselves: its own processing
 * takes an error of the connection for a failure of the job, and gives back nothing.
 *
 * Invariants:
 * 1. Every job has a token of its own, so that a verdict of a lost lease is not taken for one of the next delivery.
 * 2. A job that comes when the consumption is stopped is given back at once.
 * 3. A delivery begins with its whole lease: a job may be a long time on its way here, as when Redis goes away for a while.
 *
 * @module
 */
import { Bell } from "../http/operations/bell.ts";
import { show } from "../validate.ts";
import type { BullmqClientLike, BullmqJobLike, BullmqLike, BullmqPlace } from "./bullmq_port.ts";
import { redisTime } from "./bullmq_records.ts";
import type { ConsumeOptions, Consumption, Delivery, Verdict } from "./engine.ts";
import { insist } from "./insist.ts";
import { Places } from "./places.ts";

/** Where jobs come from. */
export interface JobSource {
  readonly bullmq: BullmqLike;
  readonly queue: string;
  readonly place: BullmqPlace;
  readonly client: () => Promise<BullmqClientLike>;
}

/** More attempts than anybody makes: when there are enough is up to the worker. */
export const EVERY_RETRY = 1_000_000_000;

const PAUSE_AFTER_ERROR = 500; // milliseconds
const AT_ONCE = 10; // jobs that are asked for together
const CHECKS_A_LEASE = 4; // how often leases are looked after
const LONGEST_INTERVAL = 5_000; // milliseconds

class Retry extends Error {
  override readonly name = "Retry";
  constructor(readonly delay: number) {
    super("to be tried again");
  }
}

/** Hands jobs to `receive` until it is stopped. */
export async function consume(
  { bullmq, queue, place, client }: JobSource,
  receive: (delivery: Delivery) => Promise<Verdict>,
  { concurrency, lease, onError }: ConsumeOptions,
): Promise<Consumption> {
  const worker = new bullmq.Worker(queue, null, {
    ...place,
    autorun: false,
    drainDelay: 1, // seconds: how long a marker may be missed that was taken by a worker that died
    lockDuration: lease,
    maxStalledCount: EVERY_RETRY,
    // Of all workers one looks, and then none for its interval: a long lease must not hold up a short one for long.
    stalledInterval: Math.min(Math.max(Math.ceil(lease / CHECKS_A_LEASE), 10), LONGEST_INTERVAL),
    settings: { backoffStrategy: (_attempts, _type, error) => error instanceof Retry ? error.delay : 0 },
  });
  worker.on("error", onError);
  await worker.startStalledCheckTimer();
  const places = new Places(concurrency);
  const bell = new Bell();
  let isStopped = false;

  async function handle(job: BullmqJobLike, token: string): Promise<void> {
    let until = Date.now() + lease;
    try {
      const { id = "", data: { body, at }, attemptsMade, stalledCounter } = job;
      const [now, isHeld] = await Promise.all([redisTime(client), job.extendLock(token, lease)]); // invariant 3
      if (!isHeld) throw new Error(`Cannot begin ${show(id)}: its lease is over`);
      const waited = Math.max(0, now - at);
      const verdict = await receive({
        ...{ id, body, waited, attempt: attemptsMade + stalledCounter + 1 },
        async extend(ms) {
          const end = Date.now() + ms;
          if (!await job.extendLock(token, ms)) throw new Error(`Cannot extend the lease of ${show(id)}: it is over`);
          until = end;
        },
      });
      await insist(() => settle(bullmq, job, token, verdict), { until: () => until, onError, isFinal: isLost });
    } catch (error) {
      onError(error); // it comes again when its lease is over
    }
  }

  /** Whether there was a job; waits for one for a while if it may. */
  async function takeOne(block: boolean): Promise<boolean> {
    const token = crypto.randomUUID(); // invariant 1
    const job: BullmqJobLike | undefined = await worker.getNextJob(token, { block });
    if (!job) return false;
    if (isStopped) await job.moveToWait(token); // invariant 2
    else places.use(() => handle(job, token));
    return true;
  }

  /** As many as there are places; one after the other, a Redis that writes each to its disk would be slow. */
  async function takeMore(): Promise<void> {
    for (let isMore = true; isMore && !isStopped && places.free > 0;) {
      const taken = await Promise.allSettled(
        Array.from({ length: Math.min(places.free, AT_ONCE) }, () => takeOne(false)),
      );
      const failed = taken.find((each) => each.status === "rejected");
      if (failed) throw failed.reason;
      isMore = taken.every((each) => each.status === "fulfilled" && each.value);
    }
  }

  async function take(): Promise<void> {
    while (!isStopped) {
      await places.room();
      if (isStopped) return;
      try {
        if (await takeOne(true)) await takeMore();
      } catch (error) {
        if (isStopped) return;
        onError(error);
        await bell.wait(PAUSE_AFTER_ERROR);
      }
    }
  }
  const taking = take();
  const stop = async () => {
    isStopped = true;
    bell.ring();
    await places.empty();
    await worker.close(true); // ends the waiting for a job at once
    await taking;
  };
  let stopping: Promise<void> | undefined;
  return { stop: () => stopping ??= stop() };
}

async function settle(
  { UnrecoverableError }: BullmqLike,
  job: BullmqJobLike,
  token: string,
  verdict: Verdict,
): Promise<void> {
  switch (verdict.kind) {
    case "done":
      await job.moveToCompleted(null, token, false);
      break;
    case "retry":
      await job.moveToFailed(new Retry(Math.max(0, Math.ceil(verdict.delay))), token, false);
      break;
    case "give-back":
      await job.moveToWait(token);
      break;
    case "dead":
      await job.moveToFailed(new UnrecoverableError(verdict.reason), token, false);
      break;
  }
}

/** Whether BullMQ says that the job is not this worker's any more: its codes are negative. */
function isLost(error: unknown): boolean {
  const { code } = Object(error) as { code?: unknown };
  return typeof code === "number" && code < 0;
}
