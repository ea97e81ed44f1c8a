/**
 * An operation as its store has it, and the only ways it changes.
 *
 * Invariants:
 * 1. A record that has ended never changes: each function here then returns `undefined`.
 * 2. Its state only goes from `queued` to `running` to one that is final, or from `queued` straight to that.
 * 3. `revision` grows with each change that a client can see, and with no other.
 *
 * @module
 */
import {
  isEnded,
  type Operation,
  type OperationError,
  type OperationProgress,
  type OperationState,
} from "./operation.ts";

/** Plain JSON; times in milliseconds since 1970. */
export interface OperationRecord {
  readonly id: string;
  readonly name: string;
  /** The digest of the owner. */
  readonly owner: string;
  readonly state: OperationState;
  readonly revision: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly deadline: number;
  /** Until when its process need not be heard of. */
  readonly leaseUntil: number;
  readonly endedAt?: number;
  readonly expiresAt?: number;
  readonly cancelRequested?: true;
  readonly progress?: OperationProgress;
  readonly result?: unknown;
  readonly error?: OperationError;
}

/** How an operation ends. */
export interface Ending {
  readonly state: Exclude<OperationState, "queued" | "running">;
  readonly result?: unknown;
  readonly error?: OperationError;
}

/** What a new record is made of. */
export type NewRecord = Pick<OperationRecord, "id" | "name" | "owner" | "createdAt" | "deadline" | "leaseUntil">;

/** A record that is queued. */
export function newRecord(from: NewRecord): OperationRecord {
  return { ...from, state: "queued", revision: 1, updatedAt: from.createdAt };
}

/** From `queued` to `running`. */
export function started(record: OperationRecord, now: number): OperationRecord | undefined {
  if (record.state !== "queued") return undefined;
  return changed(record, { state: "running" }, now);
}

/** With another progress. */
export function progressed(
  record: OperationRecord,
  progress: OperationProgress,
  now: number,
): typeof record | undefined {
  if (isEnded(record.state)) return undefined;
  return changed(record, { progress }, now);
}

/** With the wish to cancel it. */
export function cancelAsked(record: OperationRecord, now: number): OperationRecord | undefined {
  if (isEnded(record.state) || record.cancelRequested) return undefined;
  return changed(record, { cancelRequested: true }, now);
}

/** With a longer lease. */
export function renewed(record: OperationRecord, leaseUntil: number): OperationRecord | undefined {
  return isEnded(record.state) ? undefined : { ...record, leaseUntil };
}

/** Ended; it can be read until `expiresAt`. */
export function ended(record: OperationRecord, ending: Ending, now: number, ttl: number): typeof record | undefined {
  if (isEnded(record.state)) return undefined; // invariant 1
  return changed(record, { ...ending, endedAt: now, expiresAt: now + ttl }, now);
}

/** How an operation ends whose process is not heard of. */
export function lost({ leaseUntil }: OperationRecord): Ending {
  const message = `Its process has not been heard of since its lease ended at ${new Date(leaseUntil).toISOString()}`;
  return { state: "lost", error: { name: "LostError", message } };
}

function changed(record: OperationRecord, change: Partial<OperationRecord>, now: number): OperationRecord {
  return { ...record, ...change, revision: record.revision + 1, updatedAt: Math.max(record.updatedAt, now) };
}

/** What a client sees of a record. */
export function toOperation(record: OperationRecord, path: string): Operation {
  const { id, name, state, revision, createdAt, updatedAt, deadline, endedAt, expiresAt } = record;
  const self = `${path}/${id}`;
  return {
    id,
    name,
    state,
    revision,
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
    deadline: iso(deadline),
    ...endedAt === undefined ? {} : { endedAt: iso(endedAt) },
    ...expiresAt === undefined ? {} : { expiresAt: iso(expiresAt) },
    ...record.cancelRequested && !isEnded(state) ? { cancelRequested: true } : {},
    ...record.progress === undefined ? {} : { progress: record.progress },
    ...record.result === undefined ? {} : { result: record.result },
    ...record.error === undefined ? {} : { error: record.error },
    links: { self, events: `${self}/events` },
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
