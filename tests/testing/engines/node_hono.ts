/** Node under @hono/node-server. */
import { serve } from "npm:@hono/node-server@2.1.8";
import { exitWith, watchRejections } from "./node_process.ts";
import { handle, overSockets, runScenarios } from "./run.ts";

watchRejections();
const listening = Promise.withResolvers<number>();
serve(
  { port: 0, hostname: "127.0.0.1", fetch: (request: Request) => handle(request) },
  ({ port }) => listening.resolve(port),
);
exitWith(await runScenarios("nodeHono", overSockets(await listening.promise)));
