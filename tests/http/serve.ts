import { processLifetime } from "@taskscope/taskscope";
import { scoped, type ScopedHandler, type ScopedOptions } from "@taskscope/taskscope/http";

/** Serves a handler, calls `use` with its address, and ends when all is over. */
export async function serve(
  handler: ScopedHandler<[Deno.ServeHandlerInfo]>,
  options: ScopedOptions,
  use: (url: string) => Promise<unknown>,
): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, scoped(handler, options));
  try {
    await use(`http://127.0.0.1:${server.addr.port}/x`);
  } finally {
    await server.shutdown();
    await processLifetime().drain({ deadline: 5_000 });
  }
}
