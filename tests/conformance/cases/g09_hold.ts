/** How long the host of a detached task is held at the most. */
import { assertEquals, assertFalse, FakeLifetime, isSettled, test, ticks, turn } from "../assert.ts";
import { TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";

export const cases: Case[] = [
  test("G9: the host is held until deadline and grace, not for one grace a stuck cleanup", async () => {
    const lifetime = new FakeLifetime();
    const gate = Promise.withResolvers<void>();
    const scope = new TaskScope({ lifetime, grace: 15 });
    const task = scope.spawnDetached((task) => {
      for (let i = 0; i < 40; i++) task.defer(() => gate.promise);
    }, { deadline: 10 });
    const outcome = task.outcome;
    await lifetime.held[0];
    assertEquals(task.state, "running"); // its cleanup is not over by far
    gate.resolve();
    assertEquals((await outcome).state, "failed");
    await scope.close();
  }),

  test("G9: the host is held until deadline and grace, not for a shield", async () => {
    const lifetime = new FakeLifetime();
    const gate = Promise.withResolvers<void>();
    const scope = new TaskScope({ lifetime, grace: 5 });
    const task = scope.spawnDetached((task) => task.shield(() => gate.promise, { deadline: { hours: 1 } }), {
      deadline: 5,
    });
    const outcome = task.outcome;
    await lifetime.held[0];
    assertEquals(task.state, "running");
    gate.resolve();
    assertEquals((await outcome).state, "succeeded");
    await scope.close();
  }),

  test("G9: a task canceled before its deadline keeps the host for its shield", async () => {
    const lifetime = new FakeLifetime();
    const gate = Promise.withResolvers<void>();
    const scope = new TaskScope({ lifetime, grace: 1 });
    const task = scope.spawnDetached((task) => task.shield(() => gate.promise, { deadline: { hours: 1 } }), {
      deadline: { hours: 1 },
    });
    await ticks();
    task.cancel();
    await turn(10);
    assertFalse(await isSettled(lifetime.held[0] as Promise<unknown>));
    gate.resolve();
    await task.outcome;
    await lifetime.ended();
    await scope.close();
  }),
];
