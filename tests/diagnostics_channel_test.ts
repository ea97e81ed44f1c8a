/** On the real engines: what is published on `node:diagnostics_channel`, and that nothing breaks where there is none. */
import { assertEquals } from "@std/assert";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { TaskScope } from "@taskscope/taskscope";
import { bundle } from "../tools/lib/bundle.ts";
import { command } from "../tools/lib/command.ts";
import { join } from "../tools/lib/path.ts";
import { runtimes } from "../tools/runtimes.ts";
import { stdEnv } from "../tools/std.ts";
import { countEach } from "./native_calls/count.ts";

const NAMES = ["onSpawn", "onStart", "onSettle", "onCancel", "onAbandon", "onError"].map((hook) => `taskscope:${hook}`);
const FOLDER = "tests/diagnostics_channel";

Deno.test("diagnostics_channel: Deno, Node, Bun, and workerd with and without Node APIs", async (t) => {
  const [env, { node22, node24, bun, workerd }] = [await stdEnv(), await runtimes()];
  const cwd = await Deno.makeTempDir({ prefix: "taskscope-diagnostics-" });
  try {
    await bundle(env, ["--output", join(cwd, "child.mjs"), `${FOLDER}/child.ts`]);
    await Deno.copyFile(`${FOLDER}/workerd.capnp`, join(cwd, "workerd.capnp"));
    const engines: [string, number, string, string[]][] = [
      ["Deno", 5, Deno.execPath(), ["run", "-A", "child.mjs"]],
      [node22.label, 5, node22.path, ["child.mjs"]],
      [node24.label, 5, node24.path, ["child.mjs"]],
      [bun.label, 5, bun.path, ["child.mjs"]],
      [workerd.label, 5, workerd.path, ["test", "workerd.capnp", "node"]],
      [`${workerd.label} without Node APIs`, 2, workerd.path, ["test", "workerd.capnp", "plain"]],
    ];
    for (const [label, lines, path, args] of engines) {
      await t.step(label, async () => {
        const { code, stdout, output } = await command(path, args, { cwd, timeout: 60 });
        assertEquals([code, stdout.match(/^ok /gm)?.length], [0, lines], output);
      });
    }
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});

Deno.test("diagnostics_channel: a spawn asks the runtime for nothing more, with a subscriber or after one", async () => {
  const spawns = () =>
    countEach(async (times) => {
      await TaskScope.run((scope) => {
        for (let i = 0; i < times; i++) scope.spawn(() => 1);
      });
    });
  let messages = 0;
  const listener = () => void messages++;
  for (const name of NAMES) subscribe(name, listener);
  const during = await spawns();
  for (const name of NAMES) unsubscribe(name, listener);
  const heard = messages;
  assertEquals([during, await spawns()], [{ promises: 1 }, { promises: 1 }]);
  assertEquals([heard, messages], [3 * (10 + 10 + 20), heard]);
});
