/**
 * What lanes have to do with each other: whom a cancellation reached, what missed its deadline, what outlived what.
 *
 * @module
 */
import type { Cancel, Lane } from "./timeline_lane.ts";

/**
 * Works out what no single event says.
 *
 * @param lanes In the order of their spawns: each after what owns it.
 * @param to The last moment of the record.
 */
export function relate(lanes: readonly Lane[], cancels: readonly Cancel[], to: number): void {
  for (const lane of lanes) {
    reach(lane, to);
    const last = lane.last(to);
    if (lane.deadline !== undefined && last > lane.deadline) lane.isMissed = true;
    lane.outlived = outlivedBy(lane, last);
  }
  for (const cancel of cancels) {
    if (cancel.kind === "sibling-failed") cancel.cause = causeOf(cancel);
  }
}

/** The first cancellation at or above a lane counts, down to a shield; what had ended by then was not reached. */
function reach(lane: Lane, to: number): void {
  if (lane.cancel !== undefined || lane.kind === "shield") return;
  const cancel = lane.canceledBy?.cancel ?? lane.owner?.cancel;
  if (cancel === undefined || cancel.origin === lane) return;
  const isSettled = lane.ended !== undefined && lane.state !== "abandoned";
  const isReached = isSettled ? lane.canceledBy !== undefined : lane.spawned <= cancel.at && cancel.at <= lane.last(to);
  if (!isReached) return;
  lane.cancel = cancel;
  if (lane.state === "failed" && lane.ended === cancel.at) return; // it is what the cancellation was about
  cancel.reached.push(lane);
}

/** What ended although this one was still at work: for a detached task, the request that spawned it. */
function outlivedBy(lane: Lane, last: number): Lane | undefined {
  const root = lane.kind === "detached" ? lane.spawner?.root : lane.root;
  return root !== undefined && root !== lane && root.ended !== undefined && root.ended < last ? root : undefined;
}

/** Of the children that failed, the one that did so closest to the cancellation. */
function causeOf({ origin, at }: Cancel): Lane | undefined {
  let cause: Lane | undefined;
  const distance = ({ ended = Infinity }: Lane) => Math.abs(ended - at);
  for (const lane of origin.below) {
    const isFailure = lane.owner === origin && (lane.state === "failed" || lane.state === "abandoned");
    if (isFailure && (cause === undefined || distance(lane) < distance(cause))) cause = lane;
  }
  return cause;
}
