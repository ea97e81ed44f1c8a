import { createServer } from "node:http";
import { createServerAdapter } from "npm:@whatwg-node/server@0.11.0";
import { scoped } from "@taskscope/taskscope/http";
import { nodeLifetime } from "@taskscope/taskscope/node";
import { application, control, options } from "../app.ts";
import { draining, listening } from "./process.ts";

// Its context has a waitUntil of its own, which a drain of the process does not know: so the lifetime is passed.
const lifetime = draining(nodeLifetime);
const handler = scoped(application, { ...options, lifetime });
const adapter = createServerAdapter((request: Request) => control(request) ?? handler(request));
const server = createServer(adapter);
server.listen(0, "127.0.0.1", () => listening((server.address() as { port: number }).port));
