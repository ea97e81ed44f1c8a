/** On the real engine: workerd. */
import { assert, assertEquals } from "@std/assert";
import { bundle } from "../../tools/lib/bundle.ts";
import { command } from "../../tools/lib/command.ts";
import { join } from "../../tools/lib/path.ts";
import { runtimes } from "../../tools/runtimes.ts";
import { stdEnv } from "../../tools/std.ts";

Deno.test("workerd: ctx and cloudflare:workers keep detached tasks alive after the response", async () => {
  const folder = await Deno.makeTempDir({ prefix: "taskscope-workerd-" });
  try {
    await bundle(await stdEnv(), ["--output", join(folder, "worker.js"), "tests/platforms/worker.ts"]);
    await Deno.copyFile("tests/platforms/workerd.capnp", join(folder, "workerd.capnp"));
    const { workerd } = await runtimes();
    const { code, output } = await command(workerd.path, ["test", "workerd.capnp"], { cwd: folder, timeout: 60 });
    assertEquals(code, 0, output);
    assert(output.includes("the detached tasks ended after their responses"), output);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
