/** Node under @whatwg-node/server. */
import { createServer } from "node:http";
import { createServerAdapter } from "npm:@whatwg-node/server@0.11.0";
import { exitWith, watchRejections } from "./node_process.ts";
import type { Kit } from "../scenario.ts";
import { handle, overSockets, runScenarios } from "./run.ts";

type Context = NonNullable<Kit["context"]>;

watchRejections();
const server = createServer(createServerAdapter((request: Request, context: Context) => handle(request, { context })));
const listening = Promise.withResolvers<void>();
server.listen(0, "127.0.0.1", () => listening.resolve());
await listening.promise;
const { port } = server.address() as { port: number };
exitWith(await runScenarios("nodeWhatwg", overSockets(port)));
