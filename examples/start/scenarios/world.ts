/** What every scenario runs against. */
import type { Timeline } from "../timeline.ts";
import type { Recording } from "../recording.ts";
import type { Upstream } from "../server/upstream.ts";

export interface World {
  /** Removed at the end. */
  readonly dir: string;
  /** The address of the server, without a slash at the end. */
  readonly url: string;
  readonly upstream: Upstream;
  readonly timeline: Timeline;
  readonly recording: Recording;
}

/** A client that thinks, or leaves, after a while. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
