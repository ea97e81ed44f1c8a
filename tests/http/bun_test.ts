/** The scenarios of scoped_test.ts that depend on the host, on Bun. */
import { assertEquals } from "@std/assert";
import { runtimes } from "../../tools/runtimes.ts";

Deno.test("scoped() on Bun: only a client that leaves cancels, and detached tasks end in each case", async () => {
  const { bun } = await runtimes();
  const { stdout, stderr } = await new Deno.Command(bun.path, {
    args: ["run", new URL("bun_server.ts", import.meta.url).pathname],
    stdin: "null",
    signal: AbortSignal.timeout(30_000),
  }).output();
  const text = new TextDecoder();
  assertEquals(text.decode(stdout).trim().split("\n"), [
    "/after detached task ended, aborted: false",
    "/before canceled: disconnected",
    "/before detached task ended, aborted: false",
    "/mid canceled: disconnected",
    "/mid detached task ended, aborted: false",
    "ok",
  ], text.decode(stderr));
});
