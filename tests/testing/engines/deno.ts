/** Deno.serve. With the argument `no-legacy-abort`: the process was started with `--unstable-no-legacy-abort`. */
import { fatal, handle, overSockets, runScenarios } from "./run.ts";

addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  fatal();
});
const server = Deno.serve({
  port: 0,
  hostname: "127.0.0.1",
  onListen() {},
  onError: () => new Response("", { status: 500 }),
}, (request, info) => handle(request, { info }));
const key = Deno.args.includes("no-legacy-abort") ? "denoNoLegacyAbort" : "deno";
const failed = await runScenarios(key, overSockets(server.addr.port));
Deno.exit(failed > 0 ? 1 : 0); // a hanging handler is part of the scenarios
