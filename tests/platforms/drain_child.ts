/** A process with detached work, for process_test.ts to send a signal to. */
import { TaskScope } from "@taskscope/taskscope";
import { bunLifetime } from "@taskscope/taskscope/bun";
import { denoLifetime } from "@taskscope/taskscope/deno";
import { nodeLifetime } from "@taskscope/taskscope/node";

const { Deno: deno, Bun: bun } = globalThis as { Deno?: unknown; Bun?: unknown };
const lifetime = (deno ? denoLifetime : bun ? bunLifetime : nodeLifetime)({ drain: 1_000 });
await TaskScope.run((scope) => {
  scope.spawnDetached((task) => task.sleep(200).then(() => console.log("fits")), { deadline: { minutes: 1 } });
  scope.spawnDetached((task) => task.sleep(60_000), { deadline: { minutes: 5 }, name: "long" });
}, { lifetime, observer: { onError: (error) => console.log(`cut off: ${(error as { kind?: string }).kind}`) } });
console.log("ready");
