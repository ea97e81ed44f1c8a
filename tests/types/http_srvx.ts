/** scoped() as the handler of srvx, which adds to the request. */
import { serve } from "npm:srvx@1.0.8/node";
import type { Server, ServerRequest } from "npm:srvx@1.0.8";
import { scoped } from "@taskscope/taskscope/http";

export function server(): Server {
  return serve({ fetch: scoped((request, scope) => new Response(`${request.url} ${scope.name}`)) });
}

export function own(): (request: ServerRequest) => Promise<Response> {
  return scoped(() => new Response());
}
