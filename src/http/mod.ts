/**
 * A scope per request: disconnects, deadlines, streamed bodies, and requests that outlive their response.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scoped } from "@taskscope/taskscope/http";
 *
 * const handler = scoped(async (_request, scope) => {
 *   const user = scope.spawn(() => "Ada");
 *   return Response.json({ user: await user });
 * }, { deadline: 2_000 });
 *
 * assertEquals(await (await handler(new Request("http://localhost/"))).json(), { user: "Ada" });
 * ```
 *
 * @module
 */
export { currentScope } from "./current_scope.ts";
export { detachRequest, type DetachRequestOptions } from "./detach_request.ts";
export { type MiddlewareContext, scopedMiddleware } from "./middleware.ts";
export { propagate } from "./propagate.ts";
export { scoped, type ScopedHandler } from "./scoped.ts";
export type { ScopedOptions } from "./scoped_options.ts";
export { parseTraceParent, type TraceContext, TraceParent } from "./trace_parent.ts";
