/** scoped() in servers of Node's http, https and http2, and of @whatwg-node/server. */
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { createServerAdapter } from "npm:@whatwg-node/server@0.11.0";
import { scoped } from "@taskscope/taskscope/http";
import { type NodeContext, toNodeListener } from "@taskscope/taskscope/node";

export function servers(): void {
  createServer(toNodeListener(scoped((request, scope) => new Response(`${request.url} ${scope.name}`))));
  createServer(toNodeListener(scoped((_request, _scope, node: NodeContext) => new Response(node.req.url))));
  createServer(
    toNodeListener(scoped((_request, _scope, { req, res }) => new Response(`${req.url} ${res.statusCode}`))),
  );
  createSecureServer({}, toNodeListener(scoped(() => new Response())));
  createServer(createServerAdapter(scoped(() => new Response())));
  // @ts-expect-error the listener is given Node's objects
  createServer(scoped(() => new Response()));
}
