/** Node under srvx. */
import { serve } from "npm:srvx@1.0.8/node";
import { exitWith, watchRejections } from "./node_process.ts";
import { handle, overSockets, runScenarios } from "./run.ts";

watchRejections();
const server = serve({
  port: 0,
  hostname: "127.0.0.1",
  silent: true,
  fetch: (request) => {
    const { waitUntil } = request as { waitUntil?: (work: unknown) => void };
    if (!waitUntil) throw new Error("srvx gave no waitUntil");
    return handle(request, { context: { waitUntil: (work) => waitUntil.call(request, work) } });
  },
  error: () => new Response("", { status: 500 }),
});
await server.ready();
exitWith(await runScenarios("nodeSrvx", overSockets(Number(new URL(server.url ?? "").port))));
