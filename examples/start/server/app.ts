/** What every route of the server may use. */
import { contextKey, type TaskScope } from "@taskscope/taskscope";
import type { Timeline } from "../timeline.ts";

/** What the routes of one server share. */
export interface App {
  /** Where files go. */
  readonly dir: string;
  /** The address of the services behind this one, without a slash at the end. */
  readonly upstream: string;
  readonly timeline: Timeline;
}

/** Answers a request; everything it spawns belongs to the scope of that request. */
export type Route = (request: Request, scope: TaskScope, app: App) => Response | Promise<Response>;

/** Who this is for, also after the answer: a detached task keeps it. */
export const TraceId = contextKey<string>("trace-id");

/** A service behind this one did not answer as it should. */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
}
