import { scoped } from "@taskscope/taskscope/http";
import { bunLifetime } from "@taskscope/taskscope/bun";
import { application, control, options } from "../app.ts";
import { draining, listening } from "./process.ts";

interface BunHost {
  readonly Bun: {
    serve(
      options: { port: number; hostname: string; fetch: (request: Request) => Response | Promise<Response> },
    ): { readonly port: number };
  };
}

draining(bunLifetime);
const handler = scoped(application, options);
const { port } = (globalThis as unknown as BunHost).Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: (request) => control(request) ?? handler(request),
});
listening(port);
