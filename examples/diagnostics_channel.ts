/**
 * Everything that happens in the scopes of a process, for whoever subscribes: nobody has to hand an observer around.
 * Without a subscriber it costs nothing. Works on Deno, Node, Bun, and on Workers with `nodejs_compat`.
 */
import { assertEquals } from "@std/assert";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { TaskScope } from "@taskscope/taskscope";
import type { DiagnosticsMessages } from "@taskscope/taskscope/inspect";

const ended = new Map<string, number>();

function count(message: unknown): void {
  const [, { state }] = message as DiagnosticsMessages["taskscope:onSettle"];
  ended.set(state, (ended.get(state) ?? 0) + 1);
}

/** Code that knows nothing of it, a library's, say. */
async function search(): Promise<string> {
  return await TaskScope.run(async (scope) => {
    const slow = scope.spawn((task) => task.sleep(60_000), { name: "slow index" });
    const hit = await scope.spawn(() => Promise.resolve("found"), { name: "fast index" });
    slow.cancel();
    return hit;
  }, { name: "search" });
}

subscribe("taskscope:onSettle", count);
await Promise.all([search(), search()]);
unsubscribe("taskscope:onSettle", count);
await search(); // nobody listens any more

console.log(Object.fromEntries(ended));
assertEquals(Object.fromEntries(ended), { succeeded: 2, canceled: 2 });
