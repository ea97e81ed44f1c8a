import { TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertLessOrEqual,
  FakeLifetime,
  rejection,
  test,
  ticks,
  turn,
  warnings,
} from "../assert.ts";

/** A signal that counts its listeners. */
function counting(): { controller: AbortController; signal: AbortSignal; listeners(): number } {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = function (this: AbortSignal, ...args: Parameters<typeof addEventListener>) {
    listeners++;
    addEventListener.apply(this, args);
  } as typeof addEventListener;
  signal.removeEventListener = function (this: AbortSignal, ...args: Parameters<typeof removeEventListener>) {
    listeners--;
    removeEventListener.apply(this, args);
  } as typeof removeEventListener;
  return { controller, signal, listeners: () => listeners };
}

/** A signal of foreign make, such as a polyfill's, that no native composition takes. */
class ForeignSignal extends EventTarget {
  aborted = false;
  reason: unknown;
  listeners = 0;

  override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
    this.listeners++;
    super.addEventListener(...args);
  }

  override removeEventListener(...args: Parameters<EventTarget["removeEventListener"]>): void {
    this.listeners--;
    super.removeEventListener(...args);
  }

  abort(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    this.dispatchEvent(new Event("abort"));
  }
}

export const cases: Case[] = [
  test("G13: many scopes under one signal are at most one listener, and none after", async (watch) => {
    const { signal, listeners } = counting();
    const scopes: TaskScope[] = [];
    for (let i = 0; i < 100; i++) scopes.push(watch(new TaskScope({ signal })));
    assertLessOrEqual(listeners(), 1);
    for (const scope of scopes) {
      scope.spawn(() => 1);
      await scope.join();
    }
    assertLessOrEqual(listeners(), 0);
  }),

  test("G13: the listener on a foreign-made signal is one, and is released", async (watch) => {
    const foreign = new ForeignSignal();
    const signal = foreign as unknown as AbortSignal;
    const scopes: TaskScope[] = [];
    for (let i = 0; i < 10; i++) scopes.push(watch(new TaskScope({ signal })));
    assertEquals(foreign.listeners, 1);
    for (const scope of scopes) await scope.close();
    assertEquals(foreign.listeners, 0);
    await TaskScope.run((scope) => void watch(scope), { signal });
    assertEquals(foreign.listeners, 0);
    await rejection(TaskScope.run(() => Promise.reject(new Error("boom")), { signal }));
    assertEquals(foreign.listeners, 0);
  }),

  test("G13: a foreign-made signal cancels, and keeps no listener", async (watch) => {
    const foreign = new ForeignSignal();
    const reason = new Error("client left");
    const error = await rejection(TaskScope.run((scope) => {
      const wait = watch(scope).sleep(60_000);
      foreign.abort(reason);
      return wait;
    }, { signal: foreign as unknown as AbortSignal }));
    assertEquals([error, foreign.listeners], [reason, 0]);
  }),

  test("G13: the closing signal of a lifetime is released when its tasks have ended", async () => {
    const foreign = new ForeignSignal();
    const lifetime = new FakeLifetime({ closing: foreign as unknown as AbortSignal });
    const gate = Promise.withResolvers<void>();
    await TaskScope.run((scope) => {
      for (let i = 0; i < 5; i++) scope.spawnDetached(() => gate.promise, { deadline: 10_000 });
    }, { lifetime });
    assertEquals(foreign.listeners, 1);
    gate.resolve();
    await lifetime.ended();
    assertEquals(foreign.listeners, 0);
  }),

  test("G13: a thousand live scopes and tasks on one signal make no warning", async (watch) => {
    const controller = new AbortController();
    const seen = await warnings(async () => {
      const runs: Promise<unknown>[] = [];
      for (let i = 0; i < 1_000; i++) {
        runs.push(TaskScope.run((scope) => watch(scope).spawn((task) => task.sleep(60_000)), {
          signal: controller.signal,
        }));
      }
      runs.push(TaskScope.run((scope) => {
        for (let i = 0; i < 1_000; i++) scope.spawn((task) => task.abortable(new Promise(() => {})));
      }, { signal: controller.signal }));
      const all = Promise.allSettled(runs);
      await ticks();
      controller.abort();
      const results = await all;
      assert(results.every(({ status }) => status === "rejected"));
    });
    assertEquals(seen.filter((name) => name === "MaxListenersExceededWarning"), []);
  }),

  test("G13: twenty waits in one task make no warning", async (watch) => {
    const seen = await warnings(async () => {
      await TaskScope.run(async (scope) => {
        const gate = Promise.withResolvers<void>();
        const waits = Array.from({ length: 20 }, () => watch(scope).abortable(gate.promise));
        gate.resolve();
        await Promise.all(waits);
      });
    });
    assertEquals(seen, []);
  }),

  test("G13: short scopes with a deadline of ten minutes under one signal leave nothing behind", async () => {
    const { controller, signal, listeners } = counting();
    const lifetime = new FakeLifetime();
    for (let i = 0; i < 500; i++) {
      await TaskScope.run(async (scope) => {
        await Promise.all([scope.spawn(() => 1), scope.spawn(({ signal }) => signal.aborted)]);
        scope.spawnDetached(() => 1, { deadline: { minutes: 10 } });
      }, { signal, deadline: { minutes: 10 }, lifetime });
    }
    await lifetime.ended();
    assertLessOrEqual(listeners(), 0);
    controller.abort();
  }),

  test("G13: no handle is an unhandled rejection, however its task ended", async (watch) => {
    const stuck = Promise.withResolvers<void>();
    await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(() => Promise.reject(new Error("failed")));
      scope.spawn((task) => task.sleep(60_000));
      scope.spawn(() => stuck.promise);
      for (let i = 0; i < 3; i++) scope.spawn(() => 1).outcome.then(() => {});
      scope.spawn(() => 1, { deadline: 0 });
    }, { concurrency: 3, grace: 5 }));
    await turn();
    stuck.resolve();
  }),

  test("G13: an aborted hub takes no further scope down by mistake", async (watch) => {
    const controller = new AbortController();
    const first = TaskScope.run((scope) => watch(scope).sleep(60_000), { signal: controller.signal });
    const ended = TaskScope.run((scope) => void watch(scope), { signal: controller.signal });
    await ended;
    controller.abort();
    await rejection(first);
    const error = await rejection(TaskScope.run(() => 1, { signal: controller.signal }));
    assertEquals(error, controller.signal.reason);
  }),

  test("G13: deep chains of 10 000 scopes are canceled without a stack overflow", async (watch) => {
    const depth = 10_000;
    let reached = 0;
    let bottom: TaskScope | undefined;
    const reason = new Error("enough");
    const error = await rejection(TaskScope.run(async (scope) => {
      const dive = async (own: TaskScope): Promise<void> => {
        bottom = own;
        if (++reached < depth) await own.spawn(dive, { name: "d" });
        else await own.sleep(60_000);
      };
      watch(scope).spawn(dive);
      while (reached < depth) await turn();
      assertEquals(bottom?.path.length, "scope/dive".length + 2 * (depth - 1));
      let levels = 0;
      let tree: ReturnType<TaskScope["tree"]> | undefined = scope.tree();
      for (; tree !== undefined; tree = tree.children[0]) levels++;
      assertEquals(levels, depth + 1);
      scope.cancel(reason);
      assertEquals([bottom?.state, bottom?.signal.reason], ["canceling", reason]);
    }, { name: "scope" }));
    assertEquals(error, reason);
    assertEquals(bottom?.state, "closed");
  }),

  test("G13: a failure at the bottom of 10 000 scopes surfaces at the top as itself", async (watch) => {
    const depth = 10_000;
    const boom = new Error("boom");
    let level = 0;
    const dive = (own: TaskScope): void => {
      if (++level < depth) own.spawn(dive);
      else own.spawn(() => Promise.reject(boom));
    };
    let opened: TaskScope | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      opened = watch(scope);
      dive(scope);
    }));
    assertEquals([error, opened?.suppressed.length], [boom, 0]);
  }),

  test("G13: a deep chain whose bottom ends settles without a stack overflow", async (watch) => {
    const depth = 10_000;
    const gate = Promise.withResolvers<void>();
    let level = 0;
    const dive = (own: TaskScope): Promise<void> | void => {
      if (++level === depth) return gate.promise;
      own.spawn(dive);
    };
    const run = TaskScope.run((scope) => dive(watch(scope)));
    while (level < depth) await turn();
    gate.resolve();
    await run;
  }),

  test("G13: a fan-out of 100 000 tasks is canceled, every one", async (watch) => {
    const width = 100_000;
    let opened: TaskScope | undefined;
    let told = 0;
    await rejection(TaskScope.run(async (scope) => {
      opened = watch(scope);
      for (let i = 0; i < width; i++) {
        scope.spawn((task) =>
          task.abortable(new Promise(() => {})).catch((error) => {
            told++;
            throw error;
          })
        );
      }
      await turn();
      scope.cancel();
    }));
    assertEquals([told, opened?.counters.canceled], [width, width]);
  }),

  test("G13: a fan-out of 100 000 tasks ends well", async (watch) => {
    let sum = 0;
    await TaskScope.run((scope) => {
      watch(scope);
      for (let i = 0; i < 100_000; i++) scope.spawn(() => void sum++);
    });
    assertEquals(sum, 100_000);
  }),

  test("G13: 10 000 tasks with signals and deadlines of their own are canceled at once", async (watch) => {
    let aborted = 0;
    await rejection(TaskScope.run(async (scope) => {
      watch(scope);
      for (let i = 0; i < 10_000; i++) {
        scope.spawn(({ signal }) =>
          new Promise((_, reject) =>
            signal.addEventListener("abort", () => {
              aborted++;
              reject(signal.reason);
            })
          ), { deadline: { minutes: 1 + i % 60 } });
      }
      await turn();
      scope.cancel();
      assertEquals(aborted, 10_000);
    }));
  }),
];
