/** Node.js: the process drains on SIGTERM and SIGINT. A service leaves `exit` at its default; this one drains by itself. */
import { assertEquals } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { nodeLifetime } from "@taskscope/taskscope/node";

const lifetime = nodeLifetime({ drain: { seconds: 8 } });
const log: string[] = [];
const response = await TaskScope.run((scope) => {
  scope.spawnDetached((task) => task.sleep(10).then(() => log.push("audited")), { deadline: { minutes: 10 } });
  return new Response("started", { status: 202 });
}, { lifetime });

const { completed } = await lifetime.drain({ deadline: { seconds: 5 } });
assertEquals([response.status, completed, log], [202, 1, ["audited"]]);
console.log("answered 202, audited after the response");
