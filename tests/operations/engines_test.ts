/** Operations on the other engines: Node, Bun and workerd, where each request has a context of its own. */
import { assert, assertEquals } from "@std/assert";
import { bundle } from "../../tools/lib/bundle.ts";
import { command } from "../../tools/lib/command.ts";
import { join } from "../../tools/lib/path.ts";
import { runtimes } from "../../tools/runtimes.ts";
import { stdEnv } from "../../tools/std.ts";

const EXPECTED = [
  "202, again the same: true",
  "events end with the result: true",
  "then succeeded",
  "202, then canceled",
  '{"running":0,"listeners":0}',
];

Deno.test("operations on Node, Bun and workerd", async () => {
  const folder = await Deno.makeTempDir({ prefix: "taskscope-operations-" });
  try {
    const script = join(folder, "worker.js");
    await bundle(await stdEnv(), ["--output", script, "tests/operations/engine.ts"]);
    await Deno.copyFile("tests/operations/workerd.capnp", join(folder, "workerd.capnp"));
    await Deno.writeTextFile(join(folder, "package.json"), '{ "type": "module" }');
    const { node22, node24, bun, workerd } = await runtimes();
    // Bun would serve a default export that it is given as a file.
    const engines = [[node22.path, script], [node24.path, script], [
      bun.path,
      "-e",
      `await import(${JSON.stringify(script)})`,
    ], [
      workerd.path,
      "test",
      "workerd.capnp",
    ]];
    const outputs = await Promise.all(engines.map(async ([program = "", ...args]) => {
      const { code, output } = await command(program, args, { cwd: folder, timeout: 40 });
      assertEquals(code, 0, `${program}: ${output}`);
      return [program, output] as const;
    }));
    for (const [program, output] of outputs) assert(output.includes(EXPECTED.join("\n")), `${program}: ${output}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
