/** Whether the client left: what `request.signal` alone does not tell on Deno. */
import { CancelReason } from "@taskscope/taskscope";

/** The client of one request. */
export interface Client {
  /** Aborts if the client leaves before it is answered, and only then. */
  readonly signal: AbortSignal;
  /** To be called when the answer is handed over. From then on, `cancel` of a streamed body tells of a disconnect. */
  answered(): void;
}

/**
 * Watches the client of a request.
 *
 * On Deno `request.signal` aborts on success, too: whatever follows it, also in a detached task, dies with the answer.
 * Before there is an answer, though, it cannot mean success.
 */
export function clientOf({ signal }: Request): Client {
  const controller = new AbortController();
  const leave = () => controller.abort(new CancelReason("disconnected", "client", "the client went away"));
  signal.addEventListener("abort", leave);
  return { signal: controller.signal, answered: () => signal.removeEventListener("abort", leave) };
}
