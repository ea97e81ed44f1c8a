import { serve } from "npm:@hono/node-server@2.1.8";
import { Hono } from "hono";
import type { TaskScope } from "@taskscope/taskscope";
import { scopedMiddleware } from "@taskscope/taskscope/http";
import { nodeLifetime } from "@taskscope/taskscope/node";
import { application, control, options } from "../app.ts";
import { draining, listening } from "./process.ts";

draining(nodeLifetime);
const app = new Hono<{ Variables: { scope: TaskScope } }>();
app.use(async (c, next) => control(c.req.raw) ?? await next());
app.use(scopedMiddleware(options));
app.all("*", (c) => application(c.req.raw, c.get("scope")));
serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => listening(port));
