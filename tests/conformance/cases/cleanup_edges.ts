import { AbandonedTasksError, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  Recorder,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";

export const cases: Case[] = [
  test("G8: what cancels a cleanup whose function has returned is what the scope rejects with", async () => {
    const reason = new Error("enough");
    const error = await rejection(TaskScope.run((scope) => {
      scope.defer(() => {
        scope.cancel(reason);
        throw reason;
      });
      return 1;
    }));
    assertStrictEquals(error, reason);
  }),

  test("G5: a cleanup that fails too late while another runs is told, once", async () => {
    const late = new Error("late");
    const gate = Promise.withResolvers<void>();
    const seen: unknown[] = [];
    const observer = { onError: (error: unknown, { phase }: { phase: string }) => void seen.push([error, phase]) };
    await rejection(TaskScope.run((scope) => {
      scope.spawn((task) => {
        task.defer(async () => {
          gate.reject(late);
          await ticks();
        });
        task.defer(() => gate.promise);
        return task.sleep(60_000);
      });
      return ticks().then(() => scope.cancel());
    }, { grace: 10, observer }));
    await turn();
    assertEquals(seen, [[late, "after-abandon"]]);
  }),

  test("G5: a cleanup that fails too late with what surfaces anyway is not told again", async () => {
    const boom = new Error("boom");
    const gate = Promise.withResolvers<void>();
    const seen: unknown[] = [];
    await rejection(TaskScope.run((scope) => {
      scope.defer(() => gate.promise);
      throw boom;
    }, { grace: 5, observer: { onError: (error: unknown) => void seen.push((error as Error).name) } }));
    gate.reject(boom);
    await turn();
    assertEquals(seen, ["AbandonedTasksError"]);
  }),

  test("G9: a cleanup that is out of time is named, nine at most are named in the message", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const cleanup = await rejection(TaskScope.run((scope) => {
      watch(scope).defer(() => gate.promise);
    }, { grace: 5, name: "page" })) as Error & { tasks: unknown };
    assertEquals(cleanup.tasks, [{ name: "page", path: "page" }]);
    assertEquals(cleanup.message, '1 still running after grace: "page" (its cleanup). Heed the signal, or raise grace');
    const many = await rejection(TaskScope.run((scope) => {
      for (let i = 0; i < 11; i++) scope.spawn(() => gate.promise, { name: `${i}` });
      return ticks().then(() => scope.cancel());
    }, { grace: 5, name: "p" })) as Error;
    const names = Array.from({ length: 9 }, (_, i) => `"p/${i}"`).join(", ");
    assertEquals(many.message, `11 still running after grace: ${names}. Heed the signal, or raise grace`);
    gate.resolve();
  }),

  test("G1: cleanup may return any thenable", async (watch) => {
    let ended = false;
    await TaskScope.run((scope) => {
      watch(scope).defer(() => ({
        then(resolve: () => void) {
          ended = true;
          resolve();
        },
      }));
    });
    assertEquals(ended, true);
  }),

  test("G9: cleanup that is out of time is told also in a scope that was canceled, or had failed", async () => {
    const gate = Promise.withResolvers<void>();
    const error = await rejection(TaskScope.run((scope) => {
      scope.defer(() => gate.promise);
      scope.cancel();
    }, { grace: 5 }));
    assertInstanceOf(error, AbandonedTasksError);
    const boom = new Error("boom");
    const observer = new Recorder();
    const primary = await rejection(TaskScope.run((scope) => {
      scope.defer(() => gate.promise);
      throw boom;
    }, { grace: 5, observer }));
    assertStrictEquals(primary, boom);
    assertEquals(observer.errors.map(({ error, phase }) => [error instanceof AbandonedTasksError, phase]), [[
      true,
      "cleanup",
    ]]);
    gate.resolve();
  }),

  test("G1: cleanup waits for all that another cleanup set off", async () => {
    const log: string[] = [];
    await TaskScope.run((scope) => {
      scope.defer(() => void log.push(`running: ${scope.counters.running}`));
      scope.defer(() => {
        scope.spawn(() => {}).then(() =>
          scope.spawn(async () => {
            await turn(2);
            log.push("ended");
          })
        );
      });
    });
    assertEquals(log, ["ended", "running: 0"]);
  }),
];
