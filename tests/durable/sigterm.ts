/** A worker process that is told to end in the middle of a task; run by worker_test.ts. */
import { type CancelReason, TaskScope } from "@taskscope/taskscope";
import { defineTask, inProcessEngine, worker } from "@taskscope/taskscope/durable";
import { z } from "zod";

const engine = inProcessEngine();
const task = defineTask("long", z.null(), async (scope) => {
  console.log("running");
  await scope.sleep(600_000).catch((reason: CancelReason) => {
    console.log(`canceled: ${reason.kind}`);
    throw reason;
  });
});
const consumer = worker([task], engine, { grace: 200 });
await TaskScope.run((scope) => void scope.handoff(task, null, { deadline: { hours: 1 }, engine }));
await consumer.stopped;
console.log(`given back: ${consumer.counters.givenBack}`);
