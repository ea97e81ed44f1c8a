/**
 * What one service tells the next: how much time is left, and the trace.
 *
 * @module
 */
import { type ContextKey, contextKey, type TaskScope } from "../../mod.ts";
import { TraceParent } from "./trace_parent.ts";

/** The name of the header that carries the remaining time. */
export const DeadlineHeader: ContextKey<string> = contextKey<string>("deadline-header");

const PATTERN = /^\d{1,10}$/;

/** The milliseconds in such a header; `undefined` for anything but a plain number: callers may be hostile. */
export function parseRemaining(header: string | null): number | undefined {
  return header !== null && PATTERN.test(header) ? Number(header) : undefined;
}

/**
 * Headers for a call to another service: the remaining time of the scope, if `scoped` has the `deadlineHeader` option,
 * and the `traceparent` the request came with.
 *
 * @param scope The scope that makes the call.
 * @param headers Headers to start from; not changed.
 * @returns New headers.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { propagate, scoped } from "@taskscope/taskscope/http";
 *
 * const handler = scoped((_request, scope) => {
 *   return Response.json([...propagate(scope, { accept: "text/plain" })]);
 * }, { deadline: 2_000, deadlineHeader: "x-request-deadline-ms" });
 *
 * const headers = new Headers(await (await handler(new Request("http://localhost/"))).json());
 * assert(Number(headers.get("x-request-deadline-ms")) <= 2_000);
 * ```
 */
export function propagate(scope: TaskScope, headers?: HeadersInit): Headers {
  const result = new Headers(headers);
  const name = scope.get(DeadlineHeader);
  const remaining = scope.remaining();
  if (name !== undefined && remaining !== Infinity) result.set(name, `${Math.floor(remaining)}`);
  const trace = scope.get(TraceParent);
  if (trace) {
    const flags = trace.flags.toString(16).padStart(2, "0");
    result.set("traceparent", `00-${trace.traceId}-${trace.parentId}-${flags}`);
  }
  return result;
}
