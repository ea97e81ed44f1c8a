/**
 * A live page of what runs: on a port of its own, for people on this machine. Open it while the program works; here, a
 * client reads from it what a person would see, and cancels a task that takes too long.
 */
import { assertEquals } from "@std/assert";
import { processLifetime, TaskScope } from "@taskscope/taskscope";
import { inspector } from "@taskscope/taskscope/inspect";

const inspect = inspector(processLifetime(), { cancel: true });
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, inspect);
const url = `http://127.0.0.1:${server.addr.port}/`;
console.log(`Live page: ${url}`);

const answer = await TaskScope.run((scope) => {
  scope.spawnDetached((task) => task.sleep(3_600_000), { name: "transcode", deadline: { hours: 2 } });
  return 202;
}, { name: "POST /upload" });

/** The first events of the page: what it needs to cancel, then what lives. */
const events = await fetch(`${url}events`);
const lines: string[] = [];
for await (const text of (events.body as ReadableStream).pipeThrough(new TextDecoderStream())) {
  lines.push(...text.split("\n").filter((line: string) => line.startsWith("data: ")));
  if (lines.length > 1) break; // leaves
}
const [{ token }, { rows: [row] }] = lines.map((line) => JSON.parse(line.slice("data: ".length)));
console.log(`answered ${answer}; still alive: ${row.name}, ${row.state}, from ${row.from}`);
assertEquals([row.name, row.from], ["transcode", "POST /upload"]);

const canceled = await fetch(`${url}cancel?id=${row.id}`, { method: "POST", headers: { "x-taskscope-token": token } });
assertEquals(await canceled.json(), { canceled: row.id });
await processLifetime().drain({ deadline: { seconds: 5 } });
console.log("canceled by a person, and gone");
inspect.close(); // before the server: a page that is open is a request that does not end
await server.shutdown();
