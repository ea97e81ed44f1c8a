/**
 * What the parts of `Operations` share: settings, the records in the store, who waits, and what runs here.
 *
 * @module
 */
import type { Hub } from "./hub.ts";
import type { Operation } from "./operation.ts";
import type { Settings } from "./options.ts";
import { type OperationRecord, toOperation } from "./record.ts";
import { StoreFailure } from "./guarded_store.ts";
import type { NewEntry } from "./store.ts";

/** An operation whose function runs in this process. */
export interface RunningHere {
  /** Cancels it. */
  cancel(): void;
}

/** One for each `Operations`. */
export interface Env {
  readonly settings: Settings;
  readonly hub: Hub;
  readonly running: Map<string, RunningHere>;
}

/** A record, and the version under which the store has it. */
export interface Versioned {
  readonly record: OperationRecord;
  readonly version: string;
}

/** The key of an operation's record. */
export function recordKey(id: string): string {
  return `op-${id}`;
}

/** The key of the wish to cancel an operation of another process, in a store that is not atomic. */
export function cancelKey(id: string): string {
  return `cancel-${id}`;
}

/** What is written for a record. Unfinished ones are counted; nothing is forgotten before it may be. */
export function entryOf(record: OperationRecord, { lease, ttl }: Settings): NewEntry {
  const { owner: group, expiresAt = Math.max(record.deadline, record.leaseUntil) + lease + ttl } = record;
  return { value: record, expiresAt: expiresAt + ttl, group, counted: record.endedAt === undefined };
}

/** Writes a record where `version` still is, and tells those who wait for it. */
export async function replace(env: Env, record: OperationRecord, version: string): Promise<Versioned | undefined> {
  const { settings, hub } = env;
  const key = recordKey(record.id);
  const written = await settings.store.compareAndSet(key, version, entryOf(record, settings));
  if (written === undefined) return undefined;
  hub.tell(key);
  return { record, version: written };
}

/** The latest in the store. */
export async function load({ settings }: Env, id: string): Promise<Versioned | undefined> {
  const entry = await settings.store.get(recordKey(id));
  return entry && { record: entry.value as OperationRecord, version: entry.version };
}

/** Tells the user of an error; one in the telling is told on the console. */
export function report({ settings }: Env, error: unknown, record?: OperationRecord): void {
  const operation: Operation | undefined = record && toOperation(record, settings.path);
  const tell = async () => await settings.onError(error instanceof StoreFailure ? error.cause : error, operation);
  tell().catch((thrown) => console.error("TaskScope: onError failed:", thrown));
}
