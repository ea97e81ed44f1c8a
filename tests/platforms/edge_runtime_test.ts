/** Vercel's Edge runtime as npm has it, on Node: no `AbortSignal.any`, and `EdgeRuntime` is a string. */
import { assert, assertEquals } from "@std/assert";
import { bundle } from "../../tools/lib/bundle.ts";
import { command } from "../../tools/lib/command.ts";
import { listFiles } from "../../tools/lib/files.ts";
import { npmPackage } from "../../tools/lib/npm.ts";
import { join } from "../../tools/lib/path.ts";
import { runtimes } from "../../tools/runtimes.ts";
import { stdEnv } from "../../tools/std.ts";

const PACKAGES = { "@edge-runtime/vm": "5.0.0", "@edge-runtime/primitives": "6.0.0" };
const FOLDER = "tests/platforms/edge_runtime";

Deno.test("Vercel's Edge runtime: the event holds detached work, with the limit of the edge", async () => {
  const [env, { node22 }] = [await stdEnv(), await runtimes()];
  const folder = await Deno.makeTempDir({ prefix: "taskscope-edge-" });
  try {
    for (const [name, version] of Object.entries(PACKAGES)) {
      await copy(await npmPackage(name, version), join(folder, "node_modules", name));
    }
    await Deno.copyFile(`${FOLDER}/run.cjs`, join(folder, "run.cjs"));
    await bundle(env, ["--format=iife", "--output", join(folder, "function.js"), `${FOLDER}/function.ts`]);
    const args = [join(folder, "run.cjs"), join(folder, "function.js")];
    const { code, stdout, output } = await command(node22.path, args, { timeout: 30 });
    assertEquals(code, 0, output);
    const { source, tooLong, withoutEvent, ...rest } = JSON.parse(stdout);
    assert(source.startsWith("vercel (edge: 25000 ms from invocation start"), source);
    assert(tooLong.includes("it asks for 60000 ms, vercel (edge"), tooLong);
    assert(withoutEvent.startsWith("LifetimeUnavailableError: Cannot find the lifetime"), withoutEvent);
    assertEquals(rest, { any: "undefined", held: 1, before: "", after: "audited" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Node resolves no packages in the cache they are in. */
async function copy(from: string, to: string): Promise<void> {
  for (const file of await listFiles(from)) {
    const target = join(to, file);
    await Deno.mkdir(join(target, ".."), { recursive: true });
    await Deno.copyFile(join(from, file), target);
  }
}
