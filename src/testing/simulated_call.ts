/**
 * One invocation on a simulated host, as the test sees it.
 *
 * @module
 */
import type { CallReport } from "./report.ts";

/**
 * One invocation. Made by `SimulatedHost.fetch` and `SimulatedHost.invoke`.
 *
 * "Cut off" means: the timers of the invocation never fire, so that code which waits for one goes no further, and no
 * `finally` runs; what ends nevertheless is reported as lost. On hosts that are a plain process, timers go on, too.
 *
 * See {@linkcode SimulatedHost}.
 */
export interface SimulatedCall<T> {
  /** Method and path of the request, or the trigger. */
  readonly name: string;
  /**
   * What the client gets. Rejects with an `AbortError` if it leaves before, and with an `Error` if the host cuts the
   * connection.
   */
  readonly response: Promise<T>;
  /** Fulfills when the invocation is over: nothing is held any more, or all was cut off or frozen. */
  readonly ended: Promise<void>;
  /** Where the invocation is in its life. */
  readonly state: CallReport["state"];
  /**
   * The client leaves, now: before the response, or in the middle of it. After its end, nothing happens.
   *
   * The signal of the request aborts as it does on that host; on Cloudflare everything ends at once, unless work is held.
   */
  disconnect(): void;
  /**
   * The host looks whether anything can still happen. On Cloudflare, a request behind which no timer and no input or
   * output is pending is canceled, even if it holds a promise. Only a test knows that nothing else is on its way, so it
   * says when to look.
   *
   * @returns Whether the invocation was canceled for it.
   */
  detectHang(): boolean;
  /** What the host has seen of it so far. */
  report(): CallReport;
}
