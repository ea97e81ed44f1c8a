/** scoped() as the handler of Deno.serve. */
import { scoped } from "@taskscope/taskscope/http";

export function server(): Deno.HttpServer {
  void Deno.serve(scoped((request, scope) => new Response(`${request.url} ${scope.name}`)));
  void Deno.serve(scoped((_request, _scope, info: Deno.ServeHandlerInfo) => {
    const address: Deno.Addr = info.remoteAddr;
    return Response.json(address);
  }));
  // The arguments are known without being named.
  void Deno.serve(scoped((_request, _scope, info) => Response.json(info.remoteAddr)));
  void Deno.serve({ port: 0, handler: scoped(() => new Response()) });
  // @ts-expect-error the handler does not return a Response
  void Deno.serve(scoped(() => "text"));
  // @ts-expect-error Deno gives no number
  void Deno.serve(scoped((_request, _scope, _info: number) => new Response()));
  return Deno.serve({ port: 0 }, scoped(() => new Response()));
}

export default { fetch: scoped(() => new Response()) } satisfies Deno.ServeDefaultExport;
