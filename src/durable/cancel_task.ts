/**
 * Canceling a task that was handed off, by its id.
 *
 * @module
 */
import { assertOptions, assertText } from "../validate.ts";
import type { Engine } from "./engine.ts";
import { cancelKey, KEEP, writeEnding } from "./records.ts";
import { cut } from "./verdicts.ts";

/**
 * What became of the wish to cancel.
 *
 * - `removed`: it had not started, and never will
 * - `requested`: its worker will be told, if it runs or comes to run; nothing more is known
 * - `too-late`: it could not be taken out, because a worker has it, or it has ended, or the engine does not know it; and
 *   the engine has no records through which its worker could be told
 *
 * See {@linkcode cancelTask}.
 */
export type CancelAnswer = "removed" | "requested" | "too-late";

/** Options of {@linkcode cancelTask}. */
export interface CancelTaskOptions {
  /** What people should read. */
  readonly reason?: string | undefined;
  /** The name of the task, for its ending. */
  readonly task?: string | undefined;
  /** The idempotency key, for its ending. */
  readonly key?: string | undefined;
  /**
   * How long the wish and the ending are kept, in milliseconds; at least until the deadline of the task.
   *
   * @default 24 hours
   */
  readonly keep?: number | undefined;
}

/**
 * Cancels a task that was handed off, by the engine's id of it.
 *
 * @param engine The engine it was handed to, or another connection to it.
 * @param id What `await handle.id` gave.
 * @param options See {@linkcode CancelTaskOptions}.
 * @returns What became of the wish; see {@linkcode CancelAnswer}.
 * @throws {TypeError} If the engine can neither take messages out nor keep records.
 *
 * @example Before its start
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TaskScope } from "@taskscope/taskscope";
 * import { cancelTask, defineTask, inProcessEngine } from "@taskscope/taskscope/durable";
 * import { z } from "zod";
 *
 * const report = defineTask("report", z.object({ month: z.int() }), () => "done");
 * const engine = inProcessEngine();
 * const id = await TaskScope.run(async (scope) => {
 *   return await scope.handoff(report, { month: 5 }, { deadline: { hours: 1 }, engine }).id;
 * });
 * assertEquals(await cancelTask(engine, id), "removed");
 * ```
 */
export async function cancelTask(engine: Engine, id: string, options: CancelTaskOptions = {}): Promise<CancelAnswer> {
  const what = "Cannot cancel a task";
  assertText(id, "id", what);
  assertOptions(options, ["reason", "task", "key", "keep"], what);
  const { task, key, keep = KEEP } = options;
  const reason = cut(`${options.reason ?? ""}`) || "It was asked for";
  const { records, name } = engine;
  if (!engine.remove && !records) {
    throw new TypeError(`${what}: ${name} can neither take messages out nor keep records`);
  }
  // First: between the two, a worker may take it.
  await records?.set(cancelKey(id), reason, keep);
  if (await engine.remove?.(id)) {
    const error = { name: "AbortError", message: reason, kind: "canceled" };
    const endedAt = new Date().toISOString();
    if (records) await writeEnding(records, { state: "canceled", id, task, key, attempt: 0, endedAt, error }, keep);
    return "removed";
  }
  return records ? "requested" : "too-late";
}
