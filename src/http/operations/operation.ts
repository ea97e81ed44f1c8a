/**
 * An operation as its client sees it, and the routes it is seen at.
 *
 * ## Start
 *
 * A handler that calls `operations.start(…)` answers `202 Accepted` with `Location: /operations/:id`, `Retry-After` and
 * the operation as JSON. With an `Idempotency-Key` header (1 to 255 characters), the same key and body give the same
 * operation, again as 202, and the answer has `Idempotency-Replayed: true`.
 *
 * | status | when |
 * | --- | --- |
 * | 400 | the input is wrong: a problem whose `errors` has `{ field, pointer, detail }` of each; or the key is |
 * | 401 | the option `owner` knows none; here and at every route below |
 * | 413 | the body is longer than `limits.body` |
 * | 422 | the key was used with another body |
 * | 429 | the owner, or all, have as many unfinished operations as allowed; with `Retry-After` |
 * | 503 | the store failed; with `Retry-After`; here and at every route below |
 *
 * Every answer of 400 and above is a problem (RFC 9457): `application/problem+json` with `type`, `title`, `status`,
 * `detail`.
 *
 * ## GET /operations/:id
 *
 * 200 with the {@linkcode Operation}, `ETag`, and `Retry-After` while it has not ended. 304 if `If-None-Match` has that
 * ETag. 404 if it is unknown or another owner's, 410 if it has expired. `?wait=20s` (also `500ms`, or `20` in seconds)
 * waits for a change: of what `If-None-Match` names, or else of what there was when the request came; an operation that
 * has ended does not wait.
 *
 * ## DELETE /operations/:id
 *
 * Asks for cancellation: 202 with the operation, also when asked before. 409 if it ended otherwise before.
 *
 * ## GET /operations/:id/events
 *
 * `text/event-stream`. Each event is a whole operation, so whatever was missed, the next one has it all:
 *
 * ```text
 * event: operation
 * id: 3
 * data: {"id":"…","name":"transcode","state":"running","revision":3,…}
 * ```
 *
 * The `id` is the operation's `revision`. The first event comes at once, unless `Last-Event-ID` has the current revision;
 * then one for each change (several close together may come as one), and `: keep-alive` comments in between. After the
 * event of an ended operation the stream closes; an `EventSource` that connects again after that is answered 204, which
 * makes it stop.
 *
 * @module
 */

/**
 * Where an operation is in its life. All but `queued` and `running` are final.
 *
 * - `queued`: accepted; its function has not been called yet
 * - `running`: its function runs
 * - `succeeded`: `result` has what the function returned
 * - `failed`: `error` has what it threw
 * - `canceled`: somebody asked for it, or the host was about to end (`error.kind` tells)
 * - `deadline-exceeded`: its deadline passed
 * - `abandoned`: canceled or out of time, but its function had not ended when its grace was over
 * - `lost`: the process that ran it has not been heard of for longer than its lease
 *
 * See {@linkcode isEnded}.
 */
export type OperationState =
  | "queued"
  | "running"
  | "succeeded"
  | "failed"
  | "canceled"
  | "deadline-exceeded"
  | "abandoned"
  | "lost";

/** How far an operation is. See {@linkcode Operation}. */
export interface OperationProgress {
  /** From 0 to 1. */
  readonly fraction: number;
  /** What it does now. */
  readonly message?: string;
}

/** Why an operation did not succeed. See {@linkcode Operation}. */
export interface OperationError {
  /** The name of the error, such as `TypeError`. */
  readonly name: string;
  /** Its message. */
  readonly message: string;
  /** Of a cancellation: who or what began it, such as `canceled`, `shutdown` or `lifetime`. */
  readonly kind?: string;
  /** Only if the server shows it. */
  readonly stack?: string;
  /** Only if the server shows it. */
  readonly cause?: OperationError;
}

/** An operation, as JSON. Times are ISO 8601 in UTC. See {@linkcode Operations}. */
export interface Operation<Result = unknown> {
  /** Cannot be guessed: 122 random bits. */
  readonly id: string;
  /** The name it was started under. */
  readonly name: string;
  /** Where it is in its life. */
  readonly state: OperationState;
  /** Counts what changed here, from 1. */
  readonly revision: number;
  /** When it was accepted. */
  readonly createdAt: string;
  /** When it changed last. */
  readonly updatedAt: string;
  /** When it will be over at the latest, but for its grace. */
  readonly deadline: string;
  /** When it ended. */
  readonly endedAt?: string;
  /** Of an ended one: until when it can be read. */
  readonly expiresAt?: string;
  /** There while a cancellation was asked for and has not been carried out. */
  readonly cancelRequested?: true;
  /** The last progress that its function told. */
  readonly progress?: OperationProgress;
  /** What its function returned, once it has succeeded; missing if that was `undefined`. */
  readonly result?: Result;
  /** Once it has ended otherwise. */
  readonly error?: OperationError;
  /** Where to read and cancel it, and where its events are; paths on this host. */
  readonly links: { readonly self: string; readonly events: string };
}

/**
 * Whether a state is final.
 *
 * @param state Of an operation.
 * @returns `false` for `queued` and `running`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isEnded } from "@taskscope/taskscope/operations";
 *
 * assertEquals([isEnded("running"), isEnded("lost")], [false, true]);
 * ```
 */
export function isEnded(state: OperationState): boolean {
  return state !== "queued" && state !== "running";
}
