import { serve } from "npm:srvx@1.0.8/node";
import { scoped } from "@taskscope/taskscope/http";
import { nodeLifetime } from "@taskscope/taskscope/node";
import { application, control, options } from "../app.ts";
import { draining, listening } from "./process.ts";

// srvx has a waitUntil of its own, which a drain of the process does not know: so the lifetime is passed.
const lifetime = draining(nodeLifetime);
const handler = scoped(application, { ...options, lifetime });
const server = serve({
  hostname: "127.0.0.1",
  port: 0,
  silent: true,
  gracefulShutdown: false, // the process drains
  fetch: (request) => control(request) ?? handler(request),
});
await server.ready();
listening(Number(new URL(server.url ?? "").port));
