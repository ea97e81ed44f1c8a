import { createServer } from "node:http";
import { scoped } from "@taskscope/taskscope/http";
import { nodeLifetime, toNodeListener } from "@taskscope/taskscope/node";
import { application, control, options } from "../app.ts";
import { draining, listening } from "./process.ts";

draining(nodeLifetime);
const handler = scoped(application, options);
const server = createServer(toNodeListener((request) => control(request) ?? handler(request)));
server.listen(0, "127.0.0.1", () => listening((server.address() as { port: number }).port));
