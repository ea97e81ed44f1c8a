/**
 * SIGTERM with work pending: wait for what fits, cancel the rest for the reason `shutdown` while there is still time to
 * clean up, and say what was lost. Go: `signal.NotifyContext`, `server.Shutdown(ctx)` and a `WaitGroup` with a timeout.
 * A service leaves `exit` at its default, and the process ends after the drain, with exit code 143.
 */
import { assertEquals } from "@std/assert";
import { type CancelReason, processLifetime, TaskScope } from "@taskscope/taskscope";

const log: string[] = [];
const DRAIN = 400;
const lifetime = processLifetime({ signals: ["SIGTERM"], drain: DRAIN, exit: false });

const [mail, reindex] = await TaskScope.run((scope) => [
  scope.spawnDetached((task) => task.sleep(100), { deadline: { minutes: 1 }, name: "mail" }),
  scope.spawnDetached(async (task) => {
    task.defer(() => log.push("checkpoint written")); // in the margin before the end
    await task.sleep(60_000);
  }, { deadline: { minutes: 5 }, name: "reindex" }),
], {
  name: "request",
  observer: {
    onSettle: (task, { state }) => log.push(`${task.name}: ${state}`),
    // A task that was cut off and that nobody awaits is told here.
    onError: (error, { task }) => log.push(`LOST ${task.name}: ${(error as CancelReason).kind}`),
  },
});
console.log(`${lifetime.pending} pending: ${lifetime.tree().map(({ path }) => path).join(", ")}`);

if (Deno.build.os !== "windows") Deno.kill(Deno.pid, "SIGTERM"); // a self-made one; Windows has none
await lifetime.drain({ deadline: Deno.build.os === "windows" ? DRAIN : 5_000 }); // whichever drain ends first
console.log(log.join("\n"));
assertEquals(log, ["mail: succeeded", "checkpoint written", "LOST reindex: shutdown", "reindex: canceled"]);
assertEquals([mail?.state, reindex?.state], ["succeeded", "canceled"]);
