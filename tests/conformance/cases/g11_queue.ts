import { type Task, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import { assertEquals, test, ticks } from "../assert.ts";

export const cases: Case[] = [
  test("G11: when half of a queue is canceled, the others still run, each once and in their order", async (watch) => {
    const ran: number[] = [];
    await TaskScope.run(async (scope) => {
      watch(scope);
      const tasks: Task<void>[] = [];
      for (let i = 0; i < 12; i++) {
        tasks.push(scope.spawn(async () => {
          ran.push(i);
          await ticks();
        }));
      }
      await tasks[3]; // four have run
      for (const i of [6, 7, 8, 9, 10]) tasks[i]?.cancel();
      await ticks();
      await Promise.all(tasks.map((task) => task.outcome));
    }, { concurrency: 2 });
    assertEquals(ran, [0, 1, 2, 3, 4, 5, 11]);
  }),
];
