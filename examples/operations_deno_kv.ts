/**
 * A restart in the middle of an operation: its client learns that it is lost, instead of polling for ever. Another process
 * finds it, because the first one has not said for a whole lease that it lives. Needs `deno run --unstable-kv`, or
 * `"unstable": ["kv"]` in deno.json.
 */
import { assertEquals } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { type Operation, Operations } from "@taskscope/taskscope/operations";
import { denoKvStore } from "@taskscope/taskscope/operations/deno-kv";

const LEASE = 300; // milliseconds; 15 seconds unless you say so

if (Deno.args[0] === "first") {
  const operations = new Operations({ store: denoKvStore(await Deno.openKv(Deno.args[1])), lease: LEASE });
  await TaskScope.run(async (scope) => {
    const request = new Request("http://localhost/videos", { method: "POST" });
    const options = { name: "transcode", request, deadline: { minutes: 10 } };
    const accepted = await operations.start(scope, options, (task) => task.sleep(600_000));
    console.log(accepted.headers.get("location"));
  });
} else {
  const folder = await Deno.makeTempDir({ prefix: "taskscope-operations-" });
  const file = `${folder}/kv`;
  const first = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", "--unstable-kv", "--config", "deno.json", import.meta.filename ?? "", "first", file],
    stdout: "piped",
  }).spawn();
  const { value } = await first.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
  const url = `http://localhost${value?.trim()}`;
  first.kill("SIGKILL"); // power cut, out of memory, a deploy that did not wait
  await first.status;

  const kv = await Deno.openKv(file);
  const operations = new Operations({ store: denoKvStore(kv), lease: LEASE, poll: 50, onError() {} });
  let operation: Operation | undefined;
  while (!operation?.endedAt) {
    const response = await operations.handle(new Request(`${url}?wait=100ms`));
    const next: Operation = await response?.json();
    if (next.state !== operation?.state) console.log(`the restarted process says: ${next.state}`);
    operation = next;
  }
  console.log(operation.error?.message);
  kv.close();
  await Deno.remove(folder, { recursive: true });
  assertEquals(operation.state, "lost");
}
