/**
 * The other side of `operations`: starts an operation, follows it, reads its result and cancels it. For browsers, Deno,
 * Bun, Node 22 and later, and workerd: it needs `fetch` and streams, and nothing of the core.
 *
 * A page of another origin needs more of the server's CORS than usual: `Access-Control-Allow-Headers: Content-Type,
 * Idempotency-Key, If-None-Match, Last-Event-ID`, `Access-Control-Expose-Headers: ETag, Retry-After`, and the method
 * `DELETE`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scoped } from "@taskscope/taskscope/http";
 * import { memoryStore, Operations } from "@taskscope/taskscope/operations";
 * import { operationsClient } from "@taskscope/taskscope/operations/client";
 *
 * const operations = new Operations({ store: memoryStore() });
 * const handler = scoped(async (request, scope) =>
 *   await operations.handle(request) ??
 *     operations.start(scope, { name: "report", request, deadline: { minutes: 1 } }, () => ({ pages: 3 }))
 * );
 *
 * const client = operationsClient("http://localhost", { fetch: (url, init) => handler(new Request(url, init)) });
 * const report = await client.start<{ pages: number }>("/reports");
 * for await (const { state, progress } of report.follow()) console.log(state, progress?.fraction);
 * assertEquals(await report.result(), { pages: 3 });
 * ```
 *
 * @module
 */
export {
  isEnded,
  type Operation,
  type OperationError,
  type OperationProgress,
  type OperationState,
} from "../operations/operation.ts";
export {
  type FieldProblem,
  type SchemaIssue,
  type SchemaResult,
  type StandardSchema,
} from "../operations/standard_schema.ts";
export { type OperationsClient, operationsClient, type RemoteOptions, type StartRequest } from "./operations_client.ts";
export { OperationFailedError, OperationProblem, ServerUnreachableError } from "./errors.ts";
export { type OperationsClientOptions } from "./options.ts";
export { type RemoteOperation, type SignalOptions } from "./remote_operation.ts";
