/** Bun.serve. */
import { exitWith, watchRejections } from "./node_process.ts";
import { handle, overSockets, runScenarios } from "./run.ts";

interface BunHost {
  readonly Bun: {
    serve(options: {
      port: number;
      hostname: string;
      fetch: (request: Request) => Response | Promise<Response>;
      error: () => Response;
    }): { readonly port: number };
  };
}

watchRejections();
const server = (globalThis as unknown as BunHost).Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) => handle(request),
  error: () => new Response("", { status: 500 }),
});
exitWith(await runScenarios("bun", overSockets(server.port)));
