/** The tasks of chaos_cases_test.ts, the same for producers and workers. */
import { defineTask } from "@taskscope/taskscope/durable";
import { z } from "zod";

/** Tells how much time is left, as a worker sees it. */
export const left = defineTask("left", z.object({}), (scope) => (scope.deadline?.getTime() ?? 0) - Date.now());

/** Goes on until it is canceled. */
export const endless = defineTask("endless", z.object({}), async (scope) => {
  console.log("started");
  await scope.sleep(600_000);
});

/** Kills its worker, each time. */
export const poison = defineTask("poison", z.object({}), () => {
  console.log("started");
  Deno.kill(Deno.pid, "SIGKILL");
}, { maxAttempts: 2 });

/** What a producer that knows nothing of the change sends. */
export const before = defineTask("changed", z.object({ name: z.string() }), () => {});
export const after = defineTask("changed", z.object({ name: z.string(), size: z.number() }), () => {});
