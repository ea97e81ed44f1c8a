/**
 * The inside of operations, for hand-off: what starts one that runs elsewhere, and what keeps its record there.
 *
 * @module
 */
import type { TaskScope } from "../../task_scope.ts";
import type { Env } from "./env.ts";
import type { Launcher, StartOptions } from "./start.ts";

/** What the outside does not see. */
export interface Inside {
  readonly env: Env;
  /** As `start`, but another process runs it. */
  launch<Output>(
    scope: TaskScope,
    options: Pick<StartOptions<Output>, "name" | "request" | "input" | "value">,
    launcher: Launcher<Output>,
  ): Promise<Response>;
}

/** Of each `Operations`; found here, a worker needs none of what answers requests. */
export const insides = new WeakMap<object, Inside>();
