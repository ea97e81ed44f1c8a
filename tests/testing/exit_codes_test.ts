/** What ends a process, on the real ones and simulated: the same exit code. */
import { assertEquals } from "@std/assert";
import { SimulatedHost } from "@taskscope/taskscope/testing";
import { command } from "../../tools/lib/command.ts";
import { runtimes } from "../../tools/runtimes.ts";

const REJECTION = 'Promise.reject(new Error("boom")); setTimeout(() => console.log("went on"), 1_000);';

Deno.test("a rejection that nobody handles ends Deno, Bun and Node with the exit code that is simulated", async () => {
  const { node24, bun } = await runtimes();
  const real = await Promise.all([
    command(Deno.execPath(), ["eval", REJECTION]),
    command(bun.path, ["-e", REJECTION]),
    command(node24.path, ["-e", REJECTION]),
  ]);
  for (const [index, profile] of (["deno", "bun", "process"] as const).entries()) {
    using host = new SimulatedHost(profile);
    const call = host.fetch(() => {
      host.track("loose", Promise.reject(new Error("boom"))).catch(() => {});
      return new Response();
    });
    await call.ended;
    await Promise.resolve();
    assertEquals([real[index]?.code, real[index]?.stdout], [host.report().exitCode, ""], profile);
  }
});
