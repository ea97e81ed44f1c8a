/** On the real engine: workerd runs workerd/worker.ts with `enable_request_signal` and without. */
import { assertEquals } from "@std/assert";
import { bundle } from "../../tools/lib/bundle.ts";
import { command } from "../../tools/lib/command.ts";
import { join } from "../../tools/lib/path.ts";
import { runtimes } from "../../tools/runtimes.ts";
import { stdEnv } from "../../tools/std.ts";

const FOLDER = "tests/platforms/workerd";

Deno.test("workerd: ctx, this.ctx, cloudflare:workers, service workers, Hono, cron, queues, hang detection, disconnects", async () => {
  const [env, { workerd }] = [await stdEnv(), await runtimes()];
  const folder = await Deno.makeTempDir({ prefix: "taskscope-workerd-" });
  try {
    const out = (name: string) => ["--output", join(folder, name)];
    await bundle(env, ["--external=cloudflare:workers", ...out("worker.js"), `${FOLDER}/worker.ts`]);
    await bundle(env, ["--format=iife", ...out("service_worker.js"), `${FOLDER}/service_worker.ts`]);
    await bundle(env, [...out("hono.js"), `${FOLDER}/hono.ts`]);
    await Deno.copyFile(`${FOLDER}/workerd.capnp`, join(folder, "workerd.capnp"));
    for (const service of ["told", "not-told"]) {
      const args = ["test", "--experimental", "workerd.capnp", service];
      const { code, stdout, output } = await command(workerd.path, args, { cwd: folder, timeout: 60 });
      assertEquals([code, stdout.match(/^ok /gm)?.length], [0, 14], `${service}: ${output}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
