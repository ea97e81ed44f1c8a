/** Each example of a platform ends by itself: on Deno, with the mocks it names; bun and node on their own engine. */
import { assert, assertEquals } from "@std/assert";
import { bundle } from "../../tools/lib/bundle.ts";
import { command } from "../../tools/lib/command.ts";
import { join } from "../../tools/lib/path.ts";
import { runtimes } from "../../tools/runtimes.ts";
import { stdEnv } from "../../tools/std.ts";

const names = ["bun", "cloudflare", "deno", "fastly", "hono", "lambda", "netlify", "node", "supabase", "vercel"];

Deno.test("platform examples: each ends by itself with exit code 0", async (t) => {
  const [env, { node22, node24, bun }] = [await stdEnv(), await runtimes()];
  const folder = await Deno.makeTempDir({ prefix: "taskscope-examples-" });
  try {
    for (const name of names) {
      const example = `examples/platforms/${name}.ts`;
      const engines = name === "bun" ? [bun.path] : name === "node" ? [node22.path, node24.path] : [Deno.execPath()];
      const script = join(folder, `${name}.mjs`);
      await bundle(env, ["--output", script, example]);
      for (const engine of engines) {
        await t.step(`${name} on ${engine.split("/").at(-1)}`, async () => {
          const args = engine === Deno.execPath() ? ["run", "-A", "--quiet", script] : [script];
          const { code, stdout, stderr } = await command(engine, args, { timeout: 30 });
          assertEquals({ code, stderr }, { code: 0, stderr: "" });
          assert(stdout.includes("audited"));
        });
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
