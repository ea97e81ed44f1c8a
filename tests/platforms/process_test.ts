/** On the real engines: Deno, Bun and Node drain on a real SIGTERM. */
import { assertEquals } from "@std/assert";
import { bundle } from "../../tools/lib/bundle.ts";
import { join } from "../../tools/lib/path.ts";
import { runtimes } from "../../tools/runtimes.ts";
import { stdEnv } from "../../tools/std.ts";

const ignore = Deno.build.os === "windows"; // has no SIGTERM

Deno.test({ name: "Deno, Bun and Node drain on SIGTERM, and end with its exit code", ignore }, async () => {
  const folder = await Deno.makeTempDir({ prefix: "taskscope-drain-" });
  try {
    const script = join(folder, "child.mjs");
    await bundle(await stdEnv(), ["--output", script, "tests/platforms/drain_child.ts"]);
    const { node22, node24, bun } = await runtimes();
    const engines = [[Deno.execPath(), "run", "-A"], [bun.path], [node22.path], [node24.path]];
    const results = await Promise.all(engines.map((engine) => drain([...engine, script])));
    const expected = { code: 143, lines: ["ready", "fits", "cut off: shutdown"] };
    assertEquals(results, engines.map(() => expected));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Deno Deploy is a standard Deno; it sends SIGINT, and SIGKILL 5 seconds later. */
Deno.test(
  { name: "on Deno Deploy the process drains on SIGINT, and has canceled all within 5 s", ignore },
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "taskscope-deploy-" });
    try {
      const script = join(folder, "child.mjs");
      await bundle(await stdEnv(), ["--output", script, "tests/platforms/deploy_child.ts"]);
      const result = await drain([Deno.execPath(), "run", "-A", script], "SIGINT", { DENO_DEPLOY: "true" });
      assertEquals(result, { code: 130, lines: ["ready", "fits", "cut off after 4 s: shutdown"] });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

/** Starts a child, sends a signal when it is ready, and waits for its end. */
async function drain(
  [program = "", ...args]: string[],
  signal: Deno.Signal = "SIGTERM",
  env: Record<string, string> = {},
): Promise<{ code: number; lines: string[] }> {
  const child = new Deno.Command(program, { args, env, stdin: "null", stdout: "piped", stderr: "inherit" }).spawn();
  let text = "";
  let sent = false;
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (!sent && text.includes("ready\n")) {
      sent = true;
      child.kill(signal);
    }
  }
  const { code } = await child.status;
  return { code, lines: text.trim().split("\n") };
}
