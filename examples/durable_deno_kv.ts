/**
 * Work that survives its process: a task is handed to a queue in Deno KV, a file beside the program; its worker is killed in
 * the middle, and the next one does it. Needs `deno run --unstable-kv`, or `"unstable": ["kv"]` in deno.json.
 */
import { assertEquals } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { defineTask, handoffTo, worker } from "@taskscope/taskscope/durable";
import { denoKvEngine } from "@taskscope/taskscope/durable/deno-kv";
import { z } from "zod";

const LEASE = 500; // milliseconds; 30 seconds unless you say so
const transcode = defineTask("transcode", z.object({ file: z.string() }), async (scope, { file }, run) => {
  const probe = await run.once("probe", () => ({ file, by: Deno.pid })); // not again, whoever goes on
  console.log(`attempt ${run.attempt} transcodes ${file}`);
  if (run.attempt === 1) await scope.sleep(600_000); // the process is killed while it waits here
  return { url: `/videos/${file}`, probedBy: probe.by };
});

if (Deno.args[0] === "worker") {
  worker([transcode], denoKvEngine(await Deno.openKv(Deno.args[1])), { lease: LEASE });
} else {
  const folder = await Deno.makeTempDir({ prefix: "taskscope-durable-" });
  const file = `${folder}/kv`;
  const kv = await Deno.openKv(file);
  const engine = denoKvEngine(kv, { poll: 100 });

  const handle = await TaskScope.run(async (scope) => {
    const handle = scope.handoff(transcode, { file: "a.mp4" }, { deadline: { minutes: 10 } });
    await handle.accepted; // the queue has it for good
    return handle;
  }, { context: [handoffTo(engine)] });

  const first = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "-A",
      "--unstable-kv",
      "--config",
      "deno.json",
      import.meta.filename ?? "",
      "worker",
      file,
    ],
    stdout: "piped",
  }).spawn();
  const { value } = await first.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
  console.log(`another process: ${value?.trim()}`);
  first.kill("SIGKILL"); // power cut, out of memory, a deploy that did not wait
  await first.status;

  const ending = await TaskScope.run(async (scope) => {
    await using _worker = worker([transcode], engine, { lease: LEASE, signals: [] });
    return await handle.outcome(scope); // as soon as the lease of the first is over
  });
  kv.close();
  await Deno.remove(folder, { recursive: true });
  console.log(`${ending.state} in attempt ${ending.attempt}`);
  assertEquals([ending.state, ending.result], ["succeeded", { url: "/videos/a.mp4", probedBy: first.pid }]);
}
