/** scopedMiddleware() in Hono, and scoped() around it. */
import { serve } from "npm:@hono/node-server@2.1.8";
import { Hono } from "hono";
import type { TaskScope } from "@taskscope/taskscope";
import { scoped, scopedMiddleware } from "@taskscope/taskscope/http";

interface Environment {
  readonly Bindings: { readonly NAME: string };
  readonly Variables: { readonly scope: TaskScope; readonly user: string };
}

export function app(): Hono<Environment> {
  const app = new Hono<Environment>();
  app.use(scopedMiddleware({ deadline: 2_000 }));
  app.use("/api/*", scopedMiddleware());
  app.get("/:id", (c) => {
    const scope: TaskScope = c.get("scope");
    return c.json([scope.name, c.env.NAME, c.var.scope.remaining(), c.req.param("id")]);
  });
  // @ts-expect-error there is no such option
  app.use(scopedMiddleware({ timeout: 2_000 }));
  void serve({ fetch: scoped((request, _scope) => app.fetch(request)) });
  return app;
}
