/**
 * A scope per request, as a middleware.
 *
 * @module
 */
import type { TaskScope } from "../task_scope.ts";
import { scopedIn } from "./scoped.ts";
import { report, type ScopedOptions } from "./scoped_options.ts";

/** What is needed of the context of a request, as Hono has it. See {@linkcode scopedMiddleware}. */
export interface MiddlewareContext {
  /** Has the request. */
  readonly req: { readonly raw: Request };
  /** The response, when the handlers have made it. */
  res: Response;
  /** What a handler threw, if the framework has caught it. */
  readonly error?: Error | undefined;
  /** Takes the scope; the handlers find it as `c.get("scope")`. */
  set(key: "scope", value: TaskScope): void;
}

/**
 * Opens a scope for each request, as `scoped` does, in Hono or a framework of its shape.
 *
 * **Guarantees.** Those of `scoped`. A handler's error cancels the attached tasks; the answer is what the framework made
 * of it (`app.onError`), but for a deadline of the request, a disconnect, and the end of the host. Put it before other
 * middleware whose work belongs to the request.
 *
 * @param options See {@linkcode ScopedOptions}.
 * @returns A middleware; handlers get the scope by `c.get("scope")`.
 * @throws {TypeError} If an option is unknown or of the wrong type.
 * @throws {RangeError} If the deadline is not finite.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Hono } from "hono";
 * import type { TaskScope } from "@taskscope/taskscope";
 * import { scopedMiddleware } from "@taskscope/taskscope/http";
 *
 * const app = new Hono<{ Variables: { scope: TaskScope } }>();
 * app.use(scopedMiddleware({ deadline: 2_000 }));
 * app.get("/", async (c) => c.text(await c.get("scope").spawn(() => "hello")));
 *
 * assertEquals(await (await app.request("/")).text(), "hello");
 * ```
 */
export function scopedMiddleware(
  options: ScopedOptions = {},
): (c: MiddlewareContext, next: () => Promise<void>) => Promise<void> {
  const handle = scopedIn(
    async (_request, scope, c: MiddlewareContext, next: () => Promise<void>) => {
      c.set("scope", scope);
      await next();
      if (c.error !== undefined) throw c.error; // the framework has caught it; the scope has to know
      return c.res;
    },
    options,
    (error, c) => {
      if (c.error === undefined) return undefined;
      if (error !== c.error) report(error, options); // what came first, and the framework has not seen
      return c.res;
    },
  );
  return async (c, next) => {
    const response = await handle(c.req.raw, c, next);
    c.res = undefined as never; // Hono adds the headers of the response before to those of the next
    c.res = response;
  };
}
