/**
 * What is kept in the records of an engine, and under which keys; always by the engine's id of the message, but for
 * steps, which belong to the idempotency key.
 *
 * @module
 */
import type { OperationError } from "../http/operations/operation.ts";
import type { Engine, Records } from "./engine.ts";

/** How a task that was handed off ended. See {@linkcode HandedOffTask}. */
export interface TaskEnding<Result = unknown> {
  /**
   * How it ended.
   *
   * - `succeeded`: `result` has what its function returned
   * - `failed`: its last attempt failed, or its deadline passed while it ran; the message is a dead letter
   * - `canceled`: somebody asked for it
   * - `dropped`: its deadline passed before it could run; its function was not called (again)
   * - `dead`: it could not be processed, or every worker that took it died; the message is a dead letter
   */
  readonly state: "succeeded" | "failed" | "canceled" | "dropped" | "dead";
  /** The engine's id of it. */
  readonly id: string;
  /** The name of the task, where it could be read. */
  readonly task?: string | undefined;
  /** Its idempotency key, where it could be read. */
  readonly key?: string | undefined;
  /** The number of its last delivery; 0 if it was taken out before the first. */
  readonly attempt: number;
  /** When it ended, as ISO 8601 in UTC. */
  readonly endedAt: string;
  /** What its function returned, if that was not too long to be kept. */
  readonly result?: Result | undefined;
  /** Why it did not succeed; its `kind` is `deadline` if it failed because its time was over. */
  readonly error?: OperationError | undefined;
}

/** How long the ends of tasks are kept, unless a worker says otherwise, in milliseconds. */
export const KEEP = 86_400_000;

/** Where the end of a message is kept. */
export function endKey(id: string): string {
  return `taskscope:end:${id}`;
}

/** Where the wish to cancel a message is kept. */
export function cancelKey(id: string): string {
  return `taskscope:cancel:${id}`;
}

/** Where the value of a step is kept. */
export function stepKey(key: string, step: string): string {
  return `taskscope:once:${escape(key)}:${escape(step)}`;
}

/** Where an attempt says that it is at a step. */
export function claimKey(key: string, step: string): string {
  return `taskscope:claim:${escape(key)}:${escape(step)}`;
}

/** Clients may choose keys: none is, put together with a step, another key and step, or has what a store refuses. */
function escape(text: string): string {
  // deno-lint-ignore no-control-regex -- PostgreSQL takes no NUL
  return text.replace(/[\u0000-\u001f%:]/g, encodeURIComponent);
}

/**
 * The records of an engine.
 *
 * @throws {TypeError} If it has none.
 */
export function recordsOf({ name, records }: Engine, what: string): Records {
  if (records) return records;
  throw new TypeError(`${what}: the engine ${name} has no records, give it a place to keep them`);
}

/** The end of a message, if it is known. */
export async function readEnding(records: Records, id: string): Promise<TaskEnding | undefined> {
  const text = await records.get(endKey(id));
  return text === undefined ? undefined : JSON.parse(text) as TaskEnding;
}

/** Writes the end of a message; the first one counts. */
export async function writeEnding(records: Records, ending: TaskEnding, keep: number): Promise<boolean> {
  return await records.set(endKey(ending.id), JSON.stringify(ending), keep, true);
}
