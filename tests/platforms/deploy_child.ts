/** What looks like a process: on Deno Deploy (`DENO_DEPLOY`), for process_test.ts to send SIGINT to. */
import { TaskScope } from "@taskscope/taskscope";
import { detectLifetime } from "@taskscope/taskscope/platforms";

let since = 0;
await TaskScope.run((scope) => {
  scope.spawnDetached((task) => task.sleep(200).then(() => console.log("fits")), { deadline: { minutes: 1 } });
  scope.spawnDetached((task) => task.sleep(60_000), { deadline: { minutes: 5 }, name: "long" });
}, {
  lifetime: detectLifetime(new Request("http://localhost/"), { remoteAddr: {} }),
  observer: {
    onError: (error) => {
      const seconds = Math.round((Date.now() - since) / 1_000);
      console.log(`cut off after ${seconds} s: ${(error as { kind?: string }).kind}`);
    },
  },
});
globalThis.process.once("SIGINT", () => void (since = Date.now()));
console.log("ready");
