/**
 * What one service tells the next: how much time is left, and the trace.
 *
 * @module
 */
import { type ContextKey, contextKey } from "../context.ts";
import type { TaskScope } from "../task_scope.ts";
import { formatTraceParent, TraceParent } from "./trace_parent.ts";

/** The name of the header that carries the remaining time. */
export const DeadlineHeader: ContextKey<string> = /* @__PURE__ */ contextKey<string>("deadline-header");

const PATTERN = /^\d{1,10}$/;

/**
 * The milliseconds in such a header, the fewest if it came more than once; Infinity for anything but plain numbers:
 * callers may be hostile.
 */
export function parseRemaining(header: string | null): number {
  const values = header?.split(",").map((value) => value.trim()) ?? [];
  return Math.min(...values.filter((value) => PATTERN.test(value)).map(Number));
}

/**
 * Headers for a call to another service: the remaining time of the scope, and the caller's trace. The time, if `scoped`
 * has the `deadlineHeader` option; the `traceparent` the request came with, unless the headers have one already.
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
export function propagate(scope: TaskScope, headers?: RequestInit["headers"]): Headers {
  const result = new Headers(headers);
  const name = scope.get(DeadlineHeader);
  const remaining = scope.remaining();
  if (name !== undefined && remaining !== Infinity) result.set(name, `${Math.floor(remaining)}`);
  const trace = scope.get(TraceParent);
  if (trace && !result.has("traceparent")) result.set("traceparent", formatTraceParent(trace));
  return result;
}
