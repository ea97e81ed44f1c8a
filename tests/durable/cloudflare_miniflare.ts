/** Starts Workers with queues in miniflare, on the workerd that all other tests use. */
import { bundle } from "../../tools/lib/bundle.ts";
import { join } from "../../tools/lib/path.ts";
import { runtimes } from "../../tools/runtimes.ts";
import { stdEnv } from "../../tools/std.ts";

export interface Settings {
  /** The path of the Worker: given as source, used bundled. */
  readonly script: string;
  /** Each is a binding and the queue behind it. The Worker has DEAD, KV and RECORDS besides. */
  readonly queues: readonly string[];
  readonly bindings?: Record<string, string>;
  readonly maxRetries?: number;
  readonly deadLetterQueue?: string;
}

export interface CloudflareHost {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startHost(settings: Settings): Promise<CloudflareHost> {
  const [env, { workerd }] = [await stdEnv(), await runtimes()];
  const folder = await Deno.makeTempDir({ prefix: "taskscope-cloudflare-" });
  const script = join(folder, "worker.js");
  await bundle(env, ["--output", script, settings.script]);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "tests/durable/cloudflare_host.ts", JSON.stringify({ ...settings, script })],
    env: { ...env, MINIFLARE_WORKERD_PATH: workerd.path },
    ...{ stdin: "piped", stdout: "piped", stderr: "inherit" },
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let url = "";
  while (!url.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("miniflare did not start");
    url += value;
  }
  return {
    url: url.trim().split("\n").at(-1)?.replace(/\/$/, "") ?? "",
    async stop() {
      await child.stdin.close();
      while (!(await reader.read()).done); // what it still prints
      await child.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}
