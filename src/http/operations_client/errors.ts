/**
 * What a caller may want to catch: an answer that says no, no answer, and an operation that came to nothing.
 *
 * @module
 */
import type { Operation, OperationState } from "../operations/operation.ts";
import { type FieldProblem, textOf } from "../operations/standard_schema.ts";

/** What an answer was made of. */
export interface ProblemParts {
  /** The URI that names the kind of problem; `about:blank` if only the status counts. */
  readonly type: string;
  /** Such as `Conflict`. */
  readonly title: string;
  /** What was wrong this time. */
  readonly detail: string | undefined;
  /** The fields of the input that were wrong. */
  readonly errors: readonly FieldProblem[];
}

/**
 * The server answered, but not with an operation. With `application/problem+json` (RFC 9457), read; or, from a proxy
 * say, with anything else, and what there was of it.
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { OperationProblem, operationsClient } from "@taskscope/taskscope/operations/client";
 *
 * const answer = { type: "about:blank", title: "Gone", status: 410, detail: "The operation has expired" };
 * const fetch = () => Promise.resolve(Response.json(answer, { status: 410 }));
 * const client = operationsClient("http://localhost", { fetch });
 *
 * const error = await assertRejects(() => client.operation("1").read(), OperationProblem);
 * assertEquals([error.status, error.title, error.detail], [410, "Gone", "The operation has expired"]);
 * ```
 */
export class OperationProblem extends Error {
  /** `"OperationProblem"`. */
  override readonly name: string = "OperationProblem";
  /** Of the answer. */
  readonly status: number;
  /** The URI that names the kind of problem; `about:blank` if only the status counts. */
  readonly type: string;
  /** Such as `Conflict`. */
  readonly title: string;
  /** What was wrong this time. */
  readonly detail: string | undefined;
  /** The fields of the input that were wrong; empty if it was not the input. */
  readonly errors: readonly FieldProblem[];
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfter: number | undefined;

  /** Made by the client. */
  constructor(what: string, status: number, parts: ProblemParts, retryAfter: number | undefined) {
    const { type, title, detail, errors } = parts;
    super([`${what}: ${status}${title && ` ${title}`}`, detail, textOf(errors)].filter(Boolean).join(": "));
    this.status = status;
    this.type = type;
    this.title = title;
    this.detail = detail;
    this.errors = errors;
    this.retryAfter = retryAfter;
  }
}

/**
 * There was no answer, or it broke off, as often as it was tried. Whether the server has the request is not known; a
 * start can be made again with the same `idempotencyKey`.
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { operationsClient, ServerUnreachableError } from "@taskscope/taskscope/operations/client";
 *
 * const fetch = () => Promise.reject(new TypeError("connection refused"));
 * const client = operationsClient("http://localhost", { fetch, attempts: 1 });
 *
 * const error = await assertRejects(() => client.start("/reports"), ServerUnreachableError);
 * assertEquals(error.message, "Cannot start an operation: no answer: connection refused");
 * ```
 */
export class ServerUnreachableError extends Error {
  /** `"ServerUnreachableError"`. */
  override readonly name: string = "ServerUnreachableError";

  /** Made by the client. */
  constructor(what: string, cause: unknown) {
    super(`${what}: no answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/**
 * An operation ended, but not as `succeeded`: the reason of `result` of a {@linkcode RemoteOperation}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type Operation, OperationFailedError } from "@taskscope/taskscope/operations/client";
 *
 * const operation = { id: "1", name: "report", state: "lost" } as Operation;
 * assertEquals(new OperationFailedError(operation).message, 'Operation "report" (1) did not succeed: it is lost');
 * ```
 */
export class OperationFailedError extends Error {
  /** `"OperationFailedError"`. */
  override readonly name: string = "OperationFailedError";
  /** How it ended: `failed`, `canceled`, `deadline-exceeded`, `abandoned` or `lost`. */
  readonly state: OperationState;
  /** The operation, with its `error`; that is the `cause`, too. */
  readonly operation: Operation;

  /**
   * Made by the client.
   *
   * @param operation One that has ended.
   */
  constructor(operation: Operation) {
    const { id, name, state, error } = operation;
    const why = error ? `: ${error.name}: ${error.message}` : "";
    super(`Operation "${name}" (${id}) did not succeed: it is ${state}${why}`, { cause: error });
    this.state = state;
    this.operation = operation;
  }
}
