import { TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assertEquals,
  assertStrictEquals,
  consoleErrors,
  Recorder,
  rejection,
  storage,
  test,
  ticks,
} from "../assert.ts";
import { throwing } from "../failing.ts";

export const cases: Case[] = [
  test("G4: a body that fails is told as a cancellation where it cuts a task, and only there", async (watch) => {
    const told = async (children: number) => {
      const observer = new Recorder();
      await rejection(TaskScope.run((scope) => {
        for (let i = 0; i < children; i++) watch(scope).spawn((task) => task.sleep(60_000));
        throw new Error("boom");
      }, { observer, name: "page" }));
      return observer.of("cancel");
    };
    assertEquals(await told(0), []);
    assertEquals(await told(1), ["cancel page body-failed"]);
  }),

  test("G7: a task is canceled also when those before it, or the last ones, have ended", async (watch) => {
    const reason = new Error("enough");
    const seen: unknown[] = [];
    await TaskScope.run(async (scope) => {
      const wait = () => watch(scope).spawn((task) => rejection(task.sleep(60_000)).then((error) => seen.push(error)));
      await scope.spawn(() => 1); // the only one
      wait();
      await scope.spawn(() => 2); // the last one
      wait();
      const first = scope.spawn((task) => task.sleep(1));
      wait();
      await first; // one in the middle
      await ticks();
      scope.cancel(reason);
    });
    assertEquals(seen, [reason, reason, reason]);
  }),

  test("G3: an observer is told in the context of the spawn, wherever the signal was first read", async () => {
    const local = storage();
    if (!local) return;
    const seen: string[] = [];
    const observer = { onSettle: () => void seen.push(local.getStore() ?? "none") };
    await TaskScope.run((scope) => {
      const task = local.run("spawn", () => scope.spawn((own) => local.run("signal", () => own.signal.aborted)));
      return task;
    }, { observer });
    assertEquals(seen, ["spawn"]);
  }),

  test("G4: under supervise without an observer, the console is told of a failure only where nobody awaits it", async () => {
    const boom = new Error("boom");
    const lines = (isAwaited: boolean) =>
      consoleErrors(() =>
        TaskScope.run(async (scope) => {
          const task = scope.spawn(throwing(boom));
          if (isAwaited) task.catch(() => {});
          await ticks();
        }, { policy: "supervise" })
      );
    assertEquals([(await lines(true)).length, (await lines(false)).length], [0, 1]);
  }),

  test("G4: a failure climbs 10 000 awaiting scopes as itself, in linear time", async () => {
    const boom = new Error("boom");
    let depth = 0;
    const dive = async (scope: TaskScope): Promise<void> => {
      if (++depth === 10_000) throw boom;
      await scope.spawn(dive, { name: "d" });
    };
    assertEquals(await rejection(TaskScope.run(dive)), boom);
  }),

  test("G4: a failure of undefined counts as read, like any other", async () => {
    const scope = new TaskScope();
    const task = scope.spawn(() => Promise.reject(undefined));
    assertStrictEquals(await rejection(task), undefined);
    await scope.close(); // does not throw again
  }),
];
