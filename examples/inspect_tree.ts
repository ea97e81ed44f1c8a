/**
 * See what runs: the live tree of a request and of what it left behind, and afterwards, what became of each task.
 *
 * A detached task is invisible once its request has been answered: `processLifetime()` still has it, and a recorder
 * knows who spawned it, and what was canceled by whom.
 */
import { assert, assertEquals } from "@std/assert";
import { processLifetime, TaskScope } from "@taskscope/taskscope";
import { formatTree, Recorder } from "@taskscope/taskscope/inspect";

using recorder = new Recorder({ capacity: 1_000 });
recorder.start();

const transcoded = Promise.withResolvers<void>();
const stuck = Promise.withResolvers<void>();
const moment = () => new Promise((resolve) => setTimeout(resolve, 20));

const scope = new TaskScope({ name: "upload", deadline: { seconds: 20 } });
scope.spawnDetached(() => transcoded.promise, { name: "transcode", deadline: { minutes: 10 } });
scope.spawn(async (task) => {
  task.spawn((part) => part.sleep(60_000), { name: "part-1" });
  task.spawn(() => stuck.promise, { name: "part-2, which ignores its signal" });
  await task.sleep(60_000);
}, { name: "store" });
await moment();

console.log(`While it runs:\n${formatTree(scope)}\n`);
scope.cancel(new Error("the client sent too much"));
await moment();

const tree = formatTree(scope, { color: false, events: recorder.events(), ignored: 10 });
console.log(`Canceled, a moment later:\n${tree}\n`);
assert(tree.includes("the client sent too much") && tree.includes("STILL RUNNING"));
stuck.resolve();
await scope.close().catch(() => {});

const left = formatTree(processLifetime(), { color: false });
console.log(`The request is over, this is left of it:\n${left}\n`);
assert(left.startsWith("transcode  running") && left.includes("detached"));

transcoded.resolve();
await processLifetime().drain({ deadline: { seconds: 5 } });

const events = recorder.events();
const names = new Map(events.flatMap((event) => event.type === "spawn" ? [[event.id, event.name]] : []));
console.log("What became of each:");
for (const event of events) {
  if (event.type !== "settle") continue;
  const by = event.by === null ? "" : `, reached by the cancellation of "${names.get(event.by)}"`;
  console.log(`- ${names.get(event.id)}: ${event.state}${by}`);
}
assertEquals(
  events.filter(({ type }) => type === "spawn").length,
  events.filter(({ type }) => type === "settle").length,
);
