/** A service in a process of its own, for processes_test.ts: `service.ts <kind> <address> <lease>`. Prints its port. */
import { scoped } from "@taskscope/taskscope/http";
import { Operations } from "@taskscope/taskscope/operations";
import { openStore, type StoreKind } from "./stores.ts";

const [kind = "", address = "", lease = ""] = Deno.args;
const { store } = await openStore(kind as StoreKind, address);
const onError = (error: unknown, operation: unknown) => operation === undefined && console.error(error);
const limits = { perOwner: 2_000, total: 2_000 };
const operations = new Operations({ store, lease: Number(lease), poll: 50, limits, onError });
let calls = 0;

const handler = scoped(async (request, scope) => {
  const routed = await operations.handle(request);
  if (routed) return routed;
  const { pathname } = new URL(request.url);
  if (pathname === "/calls") return Response.json(calls);
  return await operations.start(
    scope,
    { name: "work", request, deadline: { minutes: 5 } },
    async (task, _, progress) => {
      calls++;
      if (pathname === "/quick") return;
      progress(0.5);
      await task.sleep(240_000);
    },
  );
});

Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: ({ port }) => console.log(port) }, handler);
