/**
 * Operations: `202 Accepted` done right, with progress, cancel, idempotency keys and a store that survives a restart.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scoped } from "@taskscope/taskscope/http";
 * import { memoryStore, Operations } from "@taskscope/taskscope/operations";
 *
 * const operations = new Operations({ store: memoryStore() });
 * const handler = scoped(async (request, scope) =>
 *   await operations.handle(request) ??
 *     operations.start(scope, { name: "report", request, deadline: { minutes: 1 } }, () => ({ pages: 3 }))
 * );
 *
 * const accepted = await handler(new Request("http://localhost/reports", { method: "POST" }));
 * const { state, links } = await accepted.json();
 * assertEquals([accepted.status, state], [202, "queued"]);
 *
 * const events = await (await handler(new Request(`http://localhost${links.events}`))).text();
 * assertEquals(events.includes('"result":{"pages":3}'), true);
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
} from "./operation.ts";
export { type OperationLimits, type OperationsOptions } from "./options.ts";
export { Operations, type OperationsCounters } from "./operations.ts";
export { type OperationFunction, type ReportProgress } from "./prepare.ts";
export { type StartOptions } from "./start.ts";
export { type FieldProblem, type SchemaIssue, type SchemaResult, type StandardSchema } from "./standard_schema.ts";
export { memoryStore } from "./memory_store.ts";
export { type NewEntry, type OperationStore, type StoredEntry } from "./store.ts";
