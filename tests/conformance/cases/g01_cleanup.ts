import { ScopeClosedError, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertStrictEquals,
  assertThrows,
  isSettled,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";

export const cases: Case[] = [
  test("G1: run waits for a child nobody awaits", async (watch) => {
    const gate = Promise.withResolvers<void>();
    let ended = false;
    const run = TaskScope.run((scope) => {
      watch(scope).spawn(async () => {
        await gate.promise;
        ended = true;
      });
      return "value";
    });
    assertFalse(await isSettled(run));
    gate.resolve();
    assertEquals(await run, "value");
    assert(ended);
  }),

  test("G1: run waits for grandchildren, and for those spawned while it waits", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const order: string[] = [];
    const run = TaskScope.run((scope) => {
      watch(scope).spawn((child) => {
        child.spawn(async (grandchild) => {
          await gate.promise;
          order.push("grandchild");
          grandchild.spawn(async () => {
            await ticks();
            order.push("great-grandchild");
          });
        });
      });
    });
    assertFalse(await isSettled(run));
    gate.resolve();
    await run;
    assertEquals(order, ["grandchild", "great-grandchild"]);
  }),

  test("G1: join waits for every child", async (watch) => {
    const scope = watch(new TaskScope());
    const gate = Promise.withResolvers<void>();
    const task = scope.spawn(() => gate.promise);
    const join = scope.join();
    assertFalse(await isSettled(join));
    gate.resolve();
    await join;
    assertEquals([task.state, scope.state], ["succeeded", "closed"]);
  }),

  test("G1: close waits for what it canceled", async (watch) => {
    const scope = watch(new TaskScope());
    const gate = Promise.withResolvers<void>();
    const task = scope.spawn(async ({ signal }) => {
      await gate.promise;
      signal.throwIfAborted();
    });
    await ticks();
    const close = scope.close();
    assertFalse(await isSettled(close));
    gate.resolve();
    await close;
    assertEquals(task.state, "canceled");
  }),

  test("G1: a scope that failed in its cleanup has aborted its signal", async (watch) => {
    let signal: AbortSignal | undefined;
    await rejection(TaskScope.run((scope) => {
      signal = watch(scope).signal;
      scope.defer(() => {
        throw new Error("cleanup");
      });
    }));
    assert(signal?.aborted);
  }),

  test("G1: a failing child does not end its parent before the cleanup of a sibling", async (watch) => {
    const order: string[] = [];
    await rejection(TaskScope.run((scope) => {
      watch(scope).spawn((task) => {
        task.defer(async () => {
          await ticks();
          order.push("sibling cleaned up");
        });
        return task.sleep(1_000);
      });
      scope.spawn(() => ticks().then(() => Promise.reject(new Error("boom"))));
    }));
    order.push("run settled");
    assertEquals(order, ["sibling cleaned up", "run settled"]);
  }),

  test("G1: cleanup runs after all children have ended, last in first out", async (watch) => {
    const order: string[] = [];
    await TaskScope.run((scope) => {
      watch(scope).defer(() => void order.push("first in"));
      scope.defer(async () => {
        await ticks();
        order.push("second in");
      });
      scope.use({ [Symbol.dispose]: () => void order.push("third in") });
      scope.use({
        async [Symbol.asyncDispose]() {
          await ticks();
          order.push("last in");
        },
      });
      scope.spawn(() => ticks().then(() => void order.push("child")));
    });
    assertEquals(order, ["child", "last in", "third in", "second in", "first in"]);
  }),

  test("G1: cleanup runs on every path: value, failure, cancellation, deadline", async (watch) => {
    const ran: string[] = [];
    const open = (name: string, end: (scope: TaskScope) => unknown, deadline = 1_000) =>
      TaskScope.run((scope) => {
        watch(scope).defer(() => void ran.push(name));
        return end(scope);
      }, { deadline });
    await open("value", () => 1);
    await rejection(open("sync failure", () => {
      throw new Error("boom");
    }));
    await rejection(open("failure", () => Promise.reject(new Error("boom"))));
    await rejection(open("cancel", (scope) => {
      scope.cancel();
      return scope.sleep(1_000);
    }));
    await rejection(open("deadline", (scope) => scope.sleep(1_000), 5));
    assertEquals(ran, ["value", "sync failure", "failure", "cancel", "deadline"]);
  }),

  test("G1: the cleanup of a task runs before its handle settles", async (watch) => {
    const order: string[] = [];
    await TaskScope.run(async (scope) => {
      await watch(scope).spawn((task) => task.defer(() => ticks().then(() => void order.push("cleanup"))));
      order.push("handle");
    });
    assertEquals(order, ["cleanup", "handle"]);
  }),

  test("G1: cleanup registered by cleanup runs, too", async (watch) => {
    const order: string[] = [];
    await TaskScope.run((scope) => {
      watch(scope).defer(() => void order.push("outer"));
      scope.defer(() => {
        order.push("last in");
        scope.defer(() => void order.push("added"));
      });
    });
    assertEquals(order, ["last in", "added", "outer"]);
  }),

  test("G1: use hands the resource back and passes null and undefined", async (watch) => {
    let disposed: unknown;
    const resource = {
      [Symbol.dispose]() {
        disposed = this;
      },
    };
    await TaskScope.run((scope) => {
      assertStrictEquals(watch(scope).use(resource), resource);
      assertStrictEquals(scope.use(null), null);
      assertStrictEquals(scope.use(undefined), undefined);
    });
    assertStrictEquals(disposed, resource);
  }),

  test("G1: a wait that outlives its scope is told, not left hanging", async (watch) => {
    const waits: Promise<unknown>[] = [];
    await TaskScope.run((scope) => {
      waits.push(watch(scope).sleep(60_000));
      waits.push(scope.abortable(new Promise(() => {})));
    });
    for (const wait of waits) assert(await rejection(wait) instanceof ScopeClosedError);
  }),

  test("G1: no wait forgotten in a canceled scope is an unhandled rejection", async (watch) => {
    await rejection(TaskScope.run((scope) => {
      void watch(scope).sleep(60_000);
      void scope.abortable(new Promise(() => {}));
      scope.spawn((task) => {
        void task.sleep(60_000);
        return task.sleep(60_000);
      });
      return ticks().then(() => scope.cancel());
    }));
    await turn();
  }),

  test("G1: abortable of a scope that ended well still gives the value", async (watch) => {
    // The scope is not canceled, so there is nothing to stop waiting for.
    let scope: TaskScope | undefined;
    await TaskScope.run((opened) => void (scope = watch(opened)));
    assertEquals(await scope?.abortable(Promise.resolve(1)), 1);
    assertThrows(() => scope?.spawn(() => 1), ScopeClosedError);
  }),
];
