/**
 * What a simulated host saw.
 *
 * @module
 */

/** What ended work before its end. See {@linkcode WorkReport}. */
export type CutBy =
  | "never-registered"
  | "late"
  | "disconnect"
  | "limit"
  | "hang"
  | "shutdown"
  | "process-exit";

/** One piece of work of an invocation. See {@linkcode CallReport}. */
export interface WorkReport {
  /** The path of a task, also for the promise by which the host holds it; a name given; or which `waitUntil` it was. */
  readonly name: string;
  /** How the host knows of it. */
  readonly kind: "waitUntil" | "tracked" | "task" | "timer";
  /** Where it is; `frozen` work goes on when another invocation thaws it. */
  readonly state: "pending" | "frozen" | "completed" | "failed" | "canceled" | "cut-off";
  /** What cut it off. */
  readonly by?: CutBy;
  /** When it ended or was cut off, in milliseconds from the start of the invocation. */
  readonly at?: number;
  /** Whether it ended after it was cut off: on the real host, what it did then would never have happened. */
  readonly lost?: true;
  /** The invocation within which it went on after it was frozen. */
  readonly thawedIn?: string;
}

/** An error, and where the host let it go. See {@linkcode CallReport}. */
export interface ErrorReport {
  /** What was thrown. */
  readonly error: unknown;
  /** Whose it is: the handler, its body, or a piece of work. */
  readonly of: string;
  /**
   * `response`: the client got a 500. `event`: the event failed, such as the batch of a queue. `next-invocation`: it was
   * blamed on the invocation that ran then.
   */
  readonly where: "response" | "log" | "nowhere" | "process-exit" | "event" | "next-invocation";
}

/** One invocation. See {@linkcode SimulatedHost}. */
export interface CallReport {
  /** Method and path of the request, or the trigger. */
  readonly name: string;
  /** `answered`: the response is over, work goes on. `ended`: all of it is over. */
  readonly state: "running" | "answered" | "ended" | "frozen" | "cut-off";
  /** The status of the response, as soon as there is one. */
  readonly status?: number;
  /** When the client left. */
  readonly disconnected?: "before the response" | "mid-stream";
  /** When the response was over, or the client had left, in milliseconds from the start. */
  readonly answeredAt?: number;
  /** All work the host knows of. */
  readonly work: readonly WorkReport[];
  /** The names of what ended in time, well or not. */
  readonly completed: readonly string[];
  /** The names of what was cut off. */
  readonly cutOff: readonly string[];
  /** The names of what nothing held when the invocation was over: dropped, or frozen. */
  readonly neverRegistered: readonly string[];
  /** Errors, and where they went. */
  readonly errors: readonly ErrorReport[];
}

/** Everything since the host was opened. See {@linkcode SimulatedHost}. */
export interface HostReport {
  /** The invocations, in their order. */
  readonly calls: readonly CallReport[];
  /** What the host wrote into its log. */
  readonly log: readonly string[];
  /** The exit code of the process, if it has ended. */
  readonly exitCode?: number;
  /** How many instances were started: a new one after each end. */
  readonly instances: number;
}
