import { CancelReason, contextKey, DeadlineExceededError, type Task, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import { assert, assertEquals, assertFalse, assertStrictEquals, rejection, storage, test, ticks } from "../assert.ts";

const Key = contextKey<string>("key");

export const cases: Case[] = [
  test("G3: cancellation comes from the scope spawn is called on, not from the task that calls it", async (watch) => {
    const gate = Promise.withResolvers<void>();
    await TaskScope.run(async (outer) => {
      let task: Task<string> | undefined;
      const caller = watch(outer).spawn(async (inner) => {
        task = outer.spawn(() => gate.promise.then(() => "alive"), { name: "outer's" });
        await inner.sleep(1_000);
      });
      await ticks();
      caller.cancel();
      await caller.outcome;
      assertEquals(task?.state, "running");
      assertEquals(task?.path, `${outer.path}/outer's`);
      gate.resolve();
      assertEquals(await task, "alive");
    });
  }),

  test("G3: a task spawned from afar on a canceled scope's child is canceled with it", async (watch) => {
    await TaskScope.run(async (scope) => {
      const ready = Promise.withResolvers<TaskScope>();
      const owner = watch(scope).spawn(async (own) => {
        ready.resolve(own);
        await own.sleep(1_000);
      });
      const own = await ready.promise;
      const reason = new Error("enough");
      const task = own.spawn((task) => task.sleep(1_000));
      owner.cancel(reason);
      assertStrictEquals(await rejection(task), reason);
    });
  }),

  test("G3: the deadline comes from the scope spawn is called on", async (watch) => {
    await TaskScope.run(async (outer) => {
      await watch(outer).spawn(async () => {
        const task = outer.spawn((own) => own.deadline);
        assertStrictEquals(await task, undefined);
      }, { deadline: 1_000 });
    });
  }),

  test("G3: context keys come from the scope spawn is called on, and can be overridden there", async (watch) => {
    await TaskScope.run(async (outer) => {
      await watch(outer).spawn(async (inner) => {
        assertEquals(inner.get(Key), "inner");
        assertEquals(await outer.spawn((task) => task.get(Key)), "outer");
        assertEquals(await inner.spawn((task) => task.get(Key)), "inner");
        assertEquals(await outer.spawn((task) => task.get(Key), { context: [Key.with("here")] }), "here");
      }, { context: [Key.with("inner")] });
      assertEquals(outer.get(Key), "outer");
    }, { context: [Key.with("outer")] });
  }),

  test("G3: the async context comes from the place of the call", async (watch) => {
    const local = storage();
    if (local === undefined) return;
    await local.run("outer", () =>
      TaskScope.run(async (scope) => {
        const inner = local.run("inner", () => watch(scope).spawn(() => local.getStore()));
        const outer = scope.spawn(() => local.getStore());
        assertEquals([await inner, await outer], ["inner", "outer"]);
      }));
  }),

  test("G3: a queued task runs in the async context of its spawn, not of whoever freed its place", async (watch) => {
    const local = storage();
    if (local === undefined) return;
    const seen = await TaskScope.run((scope) => {
      local.run("first", () => watch(scope).spawn(() => ticks()));
      return local.run("second", () => scope.spawn(() => local.getStore()));
    }, { concurrency: 1 });
    assertEquals(seen, "second");
  }),

  test("G3: grace, observer and lifetime come down to every level", async (watch) => {
    const names: string[] = [];
    await TaskScope.run((scope) => {
      watch(scope).spawn((child) => {
        child.spawn((grandchild) => void grandchild.spawn(() => 1, { name: "c" }), { name: "b" });
      }, { name: "a" });
    }, { observer: { onSettle: ({ path }) => void names.push(path) }, name: "root" });
    assertEquals(names, ["root/a/b/c", "root/a/b", "root/a"]);
  }),

  test("G3: policy, errors and concurrency belong to the one scope", async (watch) => {
    const boom = new Error("boom");
    let running = 0;
    let most = 0;
    const task = await TaskScope.run(async (scope) => {
      const task = watch(scope).spawn((child) => {
        const sibling = child.spawn((own) => own.sleep(1_000));
        child.spawn(() => ticks().then(() => Promise.reject(boom)));
        return sibling; // canceled: a child is fail-fast again
      });
      assertStrictEquals(await rejection(task), boom); // not a ScopeError
      await scope.spawn((child) => {
        for (let i = 0; i < 3; i++) {
          child.spawn(async () => {
            most = Math.max(most, ++running);
            await ticks();
            running--;
          });
        }
      });
      return { task };
    }, { policy: "supervise", errors: "aggregate", concurrency: 1, observer: { onError() {} } });
    assertEquals([task.task.state, most], ["failed", 3]);
  }),

  test("G3: getters may be destructured", async (watch) => {
    await TaskScope.run(({ signal, deadline, name, path, state, counters, suppressed }) => {
      assertFalse(signal.aborted);
      assert(deadline instanceof Date);
      assertEquals([name, path, state, counters.spawned, suppressed.length], ["page", "page", "open", 0, 0]);
    }, { name: "page", deadline: 1_000 });
    await TaskScope.run(async (scope) => {
      await watch(scope).spawn(({ signal }) => assertFalse(signal.aborted));
    });
  }),

  test("G3: a scope under another scope's signal gets its reason, not its deadline", async (watch) => {
    const error = await rejection(TaskScope.run((outer) =>
      TaskScope.run((inner) => {
        assertStrictEquals(watch(inner).deadline, undefined);
        return inner.sleep(1_000);
      }, { signal: watch(outer).signal, name: "inner" }), { deadline: 5, name: "outer" }));
    assert(error instanceof DeadlineExceededError && error instanceof CancelReason);
    assertEquals(error.origin, "outer");
  }),
];
