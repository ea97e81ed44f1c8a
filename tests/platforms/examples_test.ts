/**
 * Each example of a platform and of a framework ends by itself: on the engines it is for, else on Deno with the stand-ins
 * it names.
 */
import { assert, assertEquals } from "@std/assert";
import { bundle } from "../../tools/lib/bundle.ts";
import { command, ROOT } from "../../tools/lib/command.ts";
import { listFiles } from "../../tools/lib/files.ts";
import { join } from "../../tools/lib/path.ts";
import { runtimes } from "../../tools/runtimes.ts";
import { stdEnv } from "../../tools/std.ts";

type Engine = "deno" | "bun" | "node22" | "node24";

/** Where it is not Deno alone. */
const ENGINES: Readonly<Record<string, readonly Engine[]>> = {
  "platforms/bun.ts": ["bun"],
  "platforms/node.ts": ["node22", "node24"],
  "frameworks/hono.ts": ["deno", "bun", "node24"], // and workerd, in workerd_test.ts
  "frameworks/h3_nitro.ts": ["deno", "bun", "node22", "node24"],
};

Deno.test("platform and framework examples: each ends by itself with exit code 0", async (t) => {
  const [env, { node22, node24, bun }] = [await stdEnv(), await runtimes()];
  const commands = {
    deno: [Deno.execPath(), "run", "-A", "--quiet"],
    bun: [bun.path],
    node22: [node22.path],
    node24: [node24.path],
  };
  const folder = await Deno.makeTempDir({ prefix: "taskscope-examples-" });
  try {
    const names = (await Promise.all(["platforms", "frameworks"].map(async (kind) =>
      (await listFiles(join(ROOT, "examples", kind))).map((file) =>
        `${kind}/${file}`
      )
    ))).flat();
    assert(names.length >= 15, `${names}`);
    for (const name of names) {
      const script = join(folder, name.replace(/ts$/, "mjs"));
      await bundle(env, ["--output", script, `examples/${name}`]);
      for (const engine of ENGINES[name] ?? ["deno"]) {
        await t.step(`${name} on ${engine}`, async () => {
          const [program = "", ...args] = commands[engine];
          const { code, stdout, stderr } = await command(program, [...args, script], { timeout: 30 });
          assertEquals({ code, stderr }, { code: 0, stderr: "" });
          assert(stdout.includes("audited"));
        });
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
