/** What the compiler knows of durable tasks. */
import { TaskScope } from "@taskscope/taskscope";
import { defineTask, type DurableHandle, type HandedOffTask, type LocalTask } from "@taskscope/taskscope/durable";
import { z } from "zod";

const scope = new TaskScope();
const task = defineTask(
  "task",
  z.object({ n: z.string().transform(Number), m: z.int().default(1) }),
  (each, { n, m }, run) => {
    const sum: number = n + m;
    const step: Promise<string> = run.once("step", () => "done");
    const same: Promise<string> = each.once("step", (inner) => inner.name);
    // @ts-expect-error: the schema has made a number of it
    n.toUpperCase();
    return { sum, steps: [step, same].length };
  },
);

const handle: DurableHandle<{ sum: number; steps: number }> = scope.spawnDetached(task, { n: "1" }, { deadline: 1 });
if (handle.where === "local") {
  const local: LocalTask<{ sum: number; steps: number }> = handle;
  const result: Promise<{ sum: number; steps: number }> = local.then((value) => value);
  void result;
} else {
  const id: Promise<string> = handle.id;
  void id;
}

const handed: HandedOffTask<{ sum: number; steps: number }> = scope.handoff(task, { n: "1", m: 2 }, { deadline: 1 });
const ended: Promise<"succeeded" | "failed" | "canceled" | "dropped" | "dead"> = handed.outcome(scope).then((ending) =>
  ending.state
);
void ended;

// @ts-expect-error: the schema takes a string
scope.handoff(task, { n: 1 }, { deadline: 1 });
// @ts-expect-error: the input is missing
scope.handoff(task, {}, { deadline: 1 });
// @ts-expect-error: the deadline is required
scope.handoff(task, { n: "1" }, {});
// @ts-expect-error: there is no such answer
scope.spawnDetached(task, { n: "1" }, { deadline: 1, onExceed: "queue" });
// @ts-expect-error: only a task of defineTask can be handed off
scope.handoff(() => {}, { n: "1" }, { deadline: 1 });
