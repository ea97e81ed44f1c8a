/** scoped() as the handler of Bun.serve; with Bun's own types, see tools/legs/http_types.ts. */
import { scoped } from "@taskscope/taskscope/http";

interface Server {
  readonly port: number;
}

interface Options {
  readonly port?: number;
  fetch(this: Server, request: Request, server: Server): Response | Promise<Response>;
}

export function servers(serve: (options: Options) => Server): void {
  serve({ fetch: scoped((request, scope) => new Response(`${request.url} ${scope.name}`)) });
  serve({ fetch: scoped((_request, _scope, server: Server) => new Response(`${server.port}`)) });
  // The arguments are known without being named.
  serve({ port: 0, fetch: scoped((_request, _scope, server) => new Response(`${server.port}`)) });
  // @ts-expect-error Bun gives no number
  serve({ fetch: scoped((_request, _scope, _server: number) => new Response()) });
}
