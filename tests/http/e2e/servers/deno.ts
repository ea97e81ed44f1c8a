import { scoped } from "@taskscope/taskscope/http";
import { denoLifetime } from "@taskscope/taskscope/deno";
import { application, control, options } from "../app.ts";
import { draining, listening } from "./process.ts";

draining(denoLifetime);
const handler = scoped(application, options);
Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: ({ port }) => listening(port) },
  (request) => control(request) ?? handler(request),
);
