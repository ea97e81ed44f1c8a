/** The server of the demo: its routes, and the real socket they listen on. */
import type { App, Route } from "./app.ts";
import { scoped } from "./scoped.ts";
import { jobs, upload } from "./upload.ts";
import { page } from "./page.ts";
import { transfer } from "./transfer.ts";
import { report } from "./report.ts";

const ROUTES: Readonly<Record<string, Route>> = {
  "POST /upload": upload,
  "GET /jobs": jobs,
  "GET /page": page,
  "POST /transfer": transfer,
  "POST /report": report,
  "GET /health": () => Response.json({ healthy: true }),
};

/** Starts the server on a free port of the loopback interface. */
export function serve(app: App): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    const [, name = ""] = pathname.split("/");
    const route = ROUTES[`${request.method} /${name}`];
    if (route === undefined) return Response.json({ error: `No such route: ${pathname}` }, { status: 404 });
    return scoped(name, route, request, app);
  });
}
