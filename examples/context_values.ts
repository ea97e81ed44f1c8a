/**
 * Values that follow the structure: typed keys, bound to a scope, seen by everything below it, also by detached tasks
 * after the request. Go: `context.WithValue` with typed keys, Kotlin: `CoroutineContext`, Trio: context variables. They
 * need no AsyncLocalStorage; where there is one, tasks see the store of the place of their spawn, too.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { assertEquals } from "@std/assert";
import { contextKey, processLifetime, TaskScope } from "@taskscope/taskscope";

const TraceId = contextKey<string>("trace-id");
const Tenant = contextKey<string>("tenant");
const store = new AsyncLocalStorage<string>();
const lines: string[] = [];

function log(scope: TaskScope, text: string): void {
  lines.push(`[${scope.get(TraceId)} ${scope.get(Tenant) ?? "-"}] ${text}`);
}

await TaskScope.run(async (scope) => {
  await scope.spawn((task) => log(task, "inherited"));
  await scope.spawn((task) => log(task, "bound for one task"), { context: [Tenant.with("acme")] });
  await scope.shield((task) => log(task, "in a shield"), { deadline: 1_000 });
  store.run("store of the request", () => {
    scope.spawnDetached(async (task) => {
      await task.sleep(10); // the request is over by now
      log(task, `after the answer, with the ${store.getStore()}`);
    }, { deadline: { seconds: 5 }, context: [Tenant.with("audit")] });
  });
  log(scope, "the scope itself is unchanged");
}, { name: "request", context: [TraceId.with("abc")] });

await processLifetime().drain({ deadline: { seconds: 5 } });
console.log(lines.join("\n"));
assertEquals(lines, [
  "[abc -] inherited",
  "[abc acme] bound for one task",
  "[abc -] in a shield",
  "[abc -] the scope itself is unchanged",
  "[abc audit] after the answer, with the store of the request",
]);
