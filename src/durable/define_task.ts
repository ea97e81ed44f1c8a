/**
 * Defining a task.
 *
 * @module
 */
import { DurableTask } from "./durable_task.ts";
import type { DurableFunction, TaskOptions, TaskSchema } from "./task_options.ts";

/**
 * Defines a task that can run here or be handed to an engine; producers and workers share the definition.
 *
 * Delivery is **at least once**: a worker that dies in the middle is followed by another attempt. What must not happen
 * twice belongs into `run.once`.
 *
 * **Guarantees.** Input and result are plain JSON, checked where the task is asked for, wherever it runs: what would be lost
 * or changed on the way throws. The schema is asked on both sides.
 *
 * @param name The same for producers and workers.
 * @param schema Any Standard Schema, of zod for example.
 * @param fn See {@linkcode DurableFunction}.
 * @param options See {@linkcode TaskOptions}.
 * @returns The task, for `scope.spawnDetached`, `scope.handoff` and `worker`.
 * @throws {TypeError} If something is missing, unknown or of the wrong type.
 * @throws {RangeError} If a number is out of range.
 *
 * @example It fits, so it runs here
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TaskScope } from "@taskscope/taskscope";
 * import { defineTask } from "@taskscope/taskscope/durable";
 * import { z } from "zod";
 *
 * const transcode = defineTask("transcode", z.object({ file: z.string() }), async (scope, { file }) => {
 *   await scope.sleep(1);
 *   return { url: `/videos/${file}` };
 * });
 *
 * const handle = await TaskScope.run((scope) => {
 *   const handle = scope.spawnDetached(transcode, { file: "a.mp4" }, { deadline: { minutes: 10 } });
 *   return { handle };
 * });
 * assertEquals(handle.handle.where, "local");
 * if (handle.handle.where === "local") assertEquals(await handle.handle, { url: "/videos/a.mp4" });
 * ```
 */
export function defineTask<Input, Output, Result>(
  name: string,
  schema: TaskSchema<Input, Output>,
  fn: DurableFunction<Output, Result>,
  options: TaskOptions = {},
): DurableTask<Input, Output, Result> {
  return new DurableTask(name, schema, fn, options);
}
