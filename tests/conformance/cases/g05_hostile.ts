import { TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import { assertEquals, assertThrows, consoleErrors, Recorder, test, ticks } from "../assert.ts";

/** A value that throws whatever is done with it. */
function hostile(): object {
  const refuse = () => {
    throw new Error("hands off");
  };
  return new Proxy({}, { get: refuse, getPrototypeOf: refuse, has: refuse, ownKeys: refuse });
}

export const cases: Case[] = [
  test("G7: a reason that cannot be looked at cancels as any other", async (watch) => {
    const reason = hostile();
    const observer = new Recorder();
    let stopped = false;
    const scope = watch(new TaskScope({ observer, name: "page" }));
    const task = scope.spawn(({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          stopped = true;
          reject(signal.reason);
        });
      })
    );
    const waiting = scope.spawn((own) => own.sleep(60_000));
    await ticks();
    scope.cancel(reason);
    assertEquals([stopped, scope.state], [true, "canceling"]);
    assertEquals(scope.tree().reason?.kind, "canceled");
    assertThrows(() => scope.spawn(() => 1));
    await Promise.all([task.outcome, waiting.outcome]);
    await scope.close();
    assertEquals([scope.state, scope.counters.canceled], ["closed", 2]);
    assertEquals(observer.canceled.map(({ reason: seen, kind }) => [seen === reason, kind]), [[true, "canceled"]]);
  }),

  test("G5: an error that cannot be looked at is kept as any other", async (watch) => {
    const [first, second] = [hostile(), hostile()];
    let opened: TaskScope | undefined;
    let error: unknown;
    await consoleErrors(async () => {
      await TaskScope.run(async (scope) => {
        opened = watch(scope);
        await scope.spawn(() => Promise.reject(first)).catch(() => {});
        throw second;
      }).catch((reason) => {
        error = reason;
      });
    });
    assertEquals([error === first, opened?.suppressed.length, opened?.suppressed[0] === second], [true, 1, true]);
  }),
];
