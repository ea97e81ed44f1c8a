/** A real server whose operations go on when the client says so. */
import { scoped } from "@taskscope/taskscope/http";
import { memoryStore, Operations } from "@taskscope/taskscope/operations";
import { z } from "zod";

const Input = z.object({ title: z.string().min(1) });

export interface TestServer {
  readonly url: string;
  readonly operations: Operations;
  close(): Promise<void>;
}

/** `POST /reports` starts one, which reaches one half and waits; `POST /go?title=…` lets it go on. */
export function serve(): TestServer {
  const operations = new Operations({ store: memoryStore(), limits: { progressInterval: 0 }, onError() {} });
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const gateOf = (title: string) => {
    const gate = gates.get(title) ?? Promise.withResolvers<void>();
    gates.set(title, gate);
    return gate;
  };
  const handler = scoped(async (request, scope) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/go") {
      gateOf(searchParams.get("title") ?? "").resolve();
      return new Response(null, { status: 204 });
    }
    const options = { name: "report", request, input: Input, deadline: 60_000 };
    return await operations.handle(request) ??
      await operations.start(scope, options, async (task, { title }, progress) => {
        progress(0.5, "half of it");
        await task.abortable(gateOf(title).promise);
        if (title === "bad") throw new RangeError("no such report");
        return { title, pages: 3 };
      });
  });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  const url = `http://127.0.0.1:${server.addr.port}`;
  return { url, operations, close: () => server.shutdown() };
}
