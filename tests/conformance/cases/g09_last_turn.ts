import { AbandonedTasksError, type Task, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  FakeLifetime,
  Recorder,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";

/** The names in each AbandonedTasksError of a scope, in the order in which they came. */
function abandoned(primary: unknown, scope: TaskScope | undefined): string[][] {
  return [primary, ...scope?.suppressed ?? []].filter((error) => error instanceof AbandonedTasksError)
    .map(({ tasks }) => tasks.map(({ name }) => name));
}

export const cases: Case[] = [
  test("G9: who only waits for a stuck task has a turn to hear of it, and is not abandoned", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const recorder = new Recorder();
    let heard: unknown;
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(async (waiting) => {
        heard = await rejection(waiting.spawn(() => gate.promise, { name: "stuck" }));
        throw heard;
      }, { name: "waiting" });
      return ticks().then(() => scope.cancel());
    }, { grace: 5, observer: recorder }));
    assertInstanceOf(error, AbandonedTasksError);
    assertInstanceOf(heard, AbandonedTasksError);
    assertEquals([error.tasks.map(({ name }) => name), recorder.abandoned.map(({ name }) => name)], [["stuck"], [
      "stuck",
    ]]);
    gate.resolve();
  }),

  test("G9: of a stuck nest the innermost is abandoned first, then all others, named in the order of their spawns", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const recorder = new Recorder();
    let opened: TaskScope | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      opened = watch(scope);
      scope.spawn((a) => {
        a.spawn((b) => {
          b.spawn(() => gate.promise, { name: "c" });
          b.spawn(() => gate.promise, { name: "d" });
          return gate.promise;
        }, { name: "b" });
        return gate.promise;
      }, { name: "a" });
      return ticks().then(() => scope.cancel());
    }, { grace: 5, observer: recorder }));
    assertEquals(abandoned(error, opened), [["c", "d"], ["a", "b"]]);
    assertEquals(recorder.of("abandon"), ["abandon c", "abandon d", "abandon a", "abandon b"]);
    gate.resolve();
  }),

  test("G9: a turn is given again to who waited for a shield when others were abandoned", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const written = Promise.withResolvers<void>();
    let opened: TaskScope | undefined;
    let stuck: Task<void> | undefined;
    const done = rejection(TaskScope.run((scope) => {
      opened = watch(scope);
      stuck = scope.spawn(() => gate.promise, { name: "stuck" });
      scope.spawn(async (outer) => {
        throw await rejection(outer.spawn(async (inner) => {
          await inner.shield(() => written.promise, { deadline: 60_000 });
          await gate.promise;
        }, { name: "inner" }));
      }, { name: "outer" });
      return ticks().then(() => scope.cancel());
    }, { grace: 5 }));
    while (stuck?.state !== "abandoned") await turn(1);
    written.resolve();
    assertEquals(abandoned(await done, opened), [["stuck"], ["inner"]]);
    gate.resolve();
  }),

  test("G9: what a shield waits for is not abandoned with the others", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const written = Promise.withResolvers<void>();
    const recorder = new Recorder();
    let stuck: Task<void> | undefined;
    const done = rejection(TaskScope.run((scope) => {
      stuck = watch(scope).spawn(() => gate.promise, { name: "stuck" });
      scope.spawn((task) =>
        task.shield((shield) => shield.spawn(() => written.promise, { name: "write" }), { deadline: 60_000 })
      );
      return ticks().then(() => scope.cancel());
    }, { grace: 5, observer: recorder }));
    while (stuck?.state !== "abandoned") await turn(1);
    await turn(5);
    written.resolve();
    await done;
    assertEquals(recorder.of("abandon"), ["abandon stuck"]);
    gate.resolve();
  }),

  test("G9: a canceled scope that nobody has closed yet is not abandoned with its tasks", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const scope = watch(new TaskScope({ grace: 5 }));
    const task = scope.spawn(() => gate.promise, { name: "stuck" });
    await ticks();
    scope.cancel();
    assertInstanceOf(await rejection(task), AbandonedTasksError);
    await turn(10);
    assertEquals([scope.state, scope.suppressed], ["canceling", []]);
    assertEquals(abandoned(await rejection(scope.join()), scope), [["stuck"]]);
    gate.resolve();
  }),

  test("G9: after grace a late cleanup under a deadline ends as any other", async (watch) => {
    const gate = Promise.withResolvers<void>();
    let cleaned = false;
    await rejection(TaskScope.run((scope) => {
      watch(scope).defer(async () => {
        await turn(5);
        cleaned = true;
      });
      return gate.promise;
    }, { deadline: 5, grace: 100 }));
    assertEquals(cleaned, true);
    gate.resolve();
  }),

  test("G1 G9: a detached task that was abandoned keeps no timer, also after a shield and cleanup", async () => {
    const gate = Promise.withResolvers<void>();
    const lifetime = new FakeLifetime();
    const written = Promise.withResolvers<void>();
    await TaskScope.run((scope) => {
      const stuck = scope.spawnDetached(() => gate.promise, { deadline: 60_000 });
      const slow = scope.spawnDetached(async (task) => {
        task.defer(() => turn(5));
        await task.shield(() => written.promise, { deadline: 60_000 });
        await gate.promise;
      }, { deadline: 60_000 });
      return ticks().then(() => {
        stuck.cancel();
        slow.cancel();
      });
    }, { lifetime, grace: 5, observer: { onError() {} } });
    await turn(20);
    written.resolve();
    await lifetime.ended();
    await turn(); // and the runtime, or its tests, would see a timer
    gate.resolve();
  }),

  test("G9: a nest of stuck tasks is abandoned in two turns, however deep", async () => {
    const gate = Promise.withResolvers<void>();
    let depth = 0;
    const dive = (scope: TaskScope): Promise<void> => {
      if (++depth < 300) scope.spawn(dive, { name: "d" });
      return gate.promise;
    };
    const scope = new TaskScope({ grace: 1 });
    scope.spawn(dive);
    while (depth < 300) await turn();
    const started = Date.now();
    assert(await rejection(scope.close()) instanceof Error);
    assert(Date.now() - started < 2_000, "one level a turn would take longer");
    gate.resolve();
  }),
];
