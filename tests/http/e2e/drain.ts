/**
 * SIGTERM, sent to a server that works. Not for workerd: a Worker never hears of a signal, and nothing in it can drain;
 * the runtime gives requests and what `waitUntil` holds its own time.
 */
import { assertEquals } from "@std/assert";
import { connectTo } from "./client.ts";
import { startProcess } from "./engines.ts";

export async function drains(args: readonly string[]): Promise<void> {
  await using server = await startProcess(args);
  const client = connectTo(server.port);
  await client.get("/ok?id=fits"); // its detached task waits for a gate, which is opened in time
  await client.get("/long?id=long");
  const answer = client.get("/wait?id=answered");
  await client.seen("answered", "started");
  const endless = client.get("/stream?id=endless").catch(() => "cut off");
  const sse = client.get("/wait?id=stuck", { headers: { connection: "close" } });
  await client.seen("stuck", "started");
  server.process.kill("SIGTERM");
  await client.get("/open?id=fits");
  await client.get("/open?id=answered");
  assertEquals(await answer, "waited"); // a request that ends in time is answered
  assertEquals([await sse, await endless], ["Service Unavailable", "cut off"]);
  assertEquals((await server.ended).code, 143);
  const { report, ledger } = JSON.parse(server.printed().trim().split("\n").at(-1) ?? "");
  assertEquals(report.pending, 0);
  assertEquals(ledger.unhandled, undefined);
  const events = (id: string) => ledger[id].filter((event: string) => event !== "started").sort();
  assertEquals(events("fits"), ["detached succeeded", "scope ended, open"]);
  assertEquals(events("answered"), ["attached succeeded", "detached succeeded", "scope ended, open"]);
  const cut = (name: string) => [`${name} canceled: shutdown`, `error of ${name}: The process is shutting down`];
  assertEquals(events("long"), [...cut("detached"), ...cut("long"), "scope ended, open"].sort());
  const request = ["attached canceled: shutdown", ...cut("detached"), "scope ended, canceled"].sort();
  assertEquals([events("stuck"), events("endless")], [request, request]);
}
