/** The live page on each runtime, bundled as apps are: minified, names of functions kept. */
import { assertEquals } from "@std/assert";
import { bundle } from "../../tools/lib/bundle.ts";
import { command } from "../../tools/lib/command.ts";
import { join } from "../../tools/lib/path.ts";
import { runtimes } from "../../tools/runtimes.ts";
import { stdEnv } from "../../tools/std.ts";

const EXPECTED = [
  "page: true",
  "row: true",
  "details: root/stays",
  "cancel without token: 403 The token",
  "cancel: true",
  "through a proxy: 403",
];

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "main", worker = .worker)]);
const worker :Workerd.Worker = (
  modules = [(name = "tour.js", esModule = embed "tour.js")],
  compatibilityDate = "2026-11-01",
);
`;

Deno.test("inspector() on Bun, Node and workerd", async (t) => {
  const installed = await runtimes();
  const folder = await Deno.makeTempDir({ prefix: "taskscope-inspector-" });
  try {
    const script = join(folder, "tour.js");
    await bundle(await stdEnv(), ["--minify", "--keep-names", "--output", script, "tests/inspect/runtime_tour.ts"]);
    const linesOf = async (program: string, args: string[]) => {
      const { code, output } = await command(program, args, { cwd: folder, timeout: 60 });
      assertEquals(code, 0, output);
      return output.split("\n").filter((line) => / \d{3}|: |error|fail/i.test(line) && !/\[ (TEST|PASS) \]/.test(line));
    };
    for (const { label, path } of [installed.bun, installed.node22, installed.node24]) {
      await t.step(label, async () => {
        const code = 'import("./tour.js").then(({ tour }) => tour(console.log))';
        assertEquals(await linesOf(path, ["-e", code]), EXPECTED);
      });
    }
    await t.step(installed.workerd.label, async () => {
      await Deno.writeTextFile(join(folder, "workerd.capnp"), CONFIG);
      const lines = await linesOf(installed.workerd.path, ["test", "workerd.capnp"]);
      assertEquals(lines, ["without a guard: 403", ...EXPECTED]);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
