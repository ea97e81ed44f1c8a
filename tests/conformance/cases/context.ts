import { contextKey, type Observer, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
  FakeLifetime,
  rejection,
  storage,
  test,
  ticks,
  turn,
} from "../assert.ts";

const Trace = contextKey<string>("trace");
const User = contextKey<string | undefined>("user");

export const cases: Case[] = [
  test("G3: a key has the value of the nearest scope that binds it", async (watch) => {
    await TaskScope.run(async (scope) => {
      assertEquals([watch(scope).get(Trace), scope.get(User)], ["root", undefined]);
      await scope.spawn(async (child) => {
        assertEquals([child.get(Trace), child.get(User)], ["root", "ada"]);
        await child.spawn((own) => assertEquals([own.get(Trace), own.get(User)], ["child", "ada"]), {
          context: [Trace.with("child")],
        });
        assertEquals(child.get(Trace), "root");
      }, { context: [User.with("ada")] });
      assertEquals(scope.get(User), undefined);
    }, { context: [Trace.with("root")] });
  }),

  test("G3: a key bound to undefined hides the outer value", async (watch) => {
    await TaskScope.run(async (scope) => {
      const seen = await watch(scope).spawn((task) => task.get(User), { context: [User.with(undefined)] });
      assertStrictEquals(seen, undefined);
    }, { context: [User.with("ada")] });
  }),

  test("G3: keys are told apart by identity, not by name", async (watch) => {
    const twin = contextKey<string>("trace");
    await TaskScope.run((scope) => {
      assertEquals([watch(scope).get(Trace), scope.get(twin)], ["a", "b"]);
    }, { context: [Trace.with("a"), twin.with("b")] });
  }),

  test("G3: of two bindings of one key the later counts", async (watch) => {
    await TaskScope.run((scope) => assertEquals(watch(scope).get(Trace), "second"), {
      context: [Trace.with("first"), Trace.with("second")],
    });
  }),

  test("G3: the array of bindings is read at the call", async (watch) => {
    const context = [Trace.with("before")];
    await TaskScope.run((scope) => {
      context.push(Trace.with("after"));
      assertEquals(watch(scope).get(Trace), "before");
    }, { context });
  }),

  test("G3: values stay readable in a canceled and in a closed scope", async (watch) => {
    let opened: TaskScope | undefined;
    await rejection(TaskScope.run((scope) => {
      opened = watch(scope);
      scope.cancel();
      assertEquals(scope.get(Trace), "abc");
      return scope.sleep(1);
    }, { context: [Trace.with("abc")] }));
    assertEquals(opened?.get(Trace), "abc");
  }),

  test("G3: cleanup, combinators' scopes and deep tasks see the values", async (watch) => {
    const seen: unknown[] = [];
    await TaskScope.run((scope) => {
      watch(scope).defer(() => void seen.push(scope.get(Trace)));
      const dive = (depth: number) => (task: TaskScope): void => {
        if (depth > 0) task.spawn(dive(depth - 1));
        else seen.push(task.get(Trace));
      };
      scope.spawn(dive(20));
    }, { context: [Trace.with("abc")] });
    assertEquals(seen, ["abc", "abc"]);
  }),

  test("G3: a key needs a name, get needs a key, context needs bindings", async (watch) => {
    for (const name of ["", undefined, 5]) assertThrows(() => contextKey(name as string), TypeError);
    await TaskScope.run((scope) => {
      for (const key of ["trace", undefined, {}]) assertThrows(() => watch(scope).get(key as typeof Trace), TypeError);
      for (const context of [[{}], ["a"], {}, "abc", [undefined]]) {
        assertThrows(() => scope.spawn(() => 1, { context: context as [] }), TypeError);
      }
    });
  }),

  test("G3: AsyncLocalStorage: fn and cleanup see the store of the spawn", async (watch) => {
    const local = storage();
    if (local === undefined) return;
    const seen: (string | undefined)[] = [];
    await TaskScope.run((scope) => {
      local.run("spawn", () =>
        watch(scope).spawn(async (task) => {
          task.defer(() => void seen.push(local.getStore()));
          seen.push(local.getStore());
          await ticks();
          seen.push(local.getStore());
        }));
    });
    assertEquals(seen, ["spawn", "spawn", "spawn"]);
  }),

  test("G3: AsyncLocalStorage: an abort listener sees the store of the spawn, not of who cancels", async (watch) => {
    const local = storage();
    if (local === undefined) return;
    const seen: (string | undefined)[] = [];
    await rejection(TaskScope.run(async (scope) => {
      local.run("spawn", () =>
        watch(scope).spawn((task) => {
          task.signal.addEventListener("abort", () => void seen.push(local.getStore()));
          return task.sleep(60_000);
        }));
      await ticks();
      local.run("canceler", () => scope.cancel());
    }));
    assertEquals(seen, ["spawn"]);
  }),

  test("G3: AsyncLocalStorage: the observer of a root sees the store of the opening, not of who cancels", async () => {
    const local = storage();
    if (local === undefined) return;
    const seen: (string | undefined)[] = [];
    const observer = { onCancel: () => void seen.push(local.getStore()) };
    const scope = local.run("opening", () => new TaskScope({ observer }));
    scope.spawn((task) => task.sleep(60_000));
    local.run("canceler", () => scope.cancel());
    await scope.close();
    assertEquals(seen, ["opening"]);
  }),

  // A capture for each spawn would cost 1 µs on Deno, so it is taken where the signal is made: almost always in the task.
  test("G3: AsyncLocalStorage: read first by somebody else, a signal has the store of that place", async (watch) => {
    const local = storage();
    if (local === undefined) return;
    const seen: (string | undefined)[] = [];
    await rejection(TaskScope.run(async (scope) => {
      const ready = Promise.withResolvers<TaskScope>();
      local.run("spawn", () =>
        watch(scope).spawn((task) => {
          ready.resolve(task);
          return task.sleep(60_000);
        }));
      const task = await ready.promise;
      local.run("reader", () => task.signal.addEventListener("abort", () => void seen.push(local.getStore())));
      local.run("canceler", () => scope.cancel());
      scope.signal.throwIfAborted();
    }));
    assertEquals(seen, ["reader"]);
  }),

  test("G3: AsyncLocalStorage: a deadline's abort listener sees the store of the spawn", async (watch) => {
    const local = storage();
    if (local === undefined) return;
    const seen: (string | undefined)[] = [];
    await TaskScope.run(async (scope) => {
      const spawn = (name: string) =>
        local.run(name, () =>
          watch(scope).spawn((task) => {
            task.signal.addEventListener("abort", () => void seen.push(local.getStore()));
            return task.sleep(60_000);
          }, { deadline: 5 }));
      const tasks = [spawn("first"), spawn("second")];
      await Promise.all(tasks.map(({ outcome }) => outcome));
    }, { policy: "supervise", observer: { onError() {} } });
    assertEquals(seen.toSorted(), ["first", "second"]);
  }),

  test("G3: AsyncLocalStorage: the code after a canceled wait sees its own store", async (watch) => {
    const local = storage();
    if (local === undefined) return;
    let seen: string | undefined;
    await rejection(TaskScope.run(async (scope) => {
      local.run("spawn", () =>
        watch(scope).spawn(async (task) => {
          await rejection(task.sleep(60_000));
          seen = local.getStore();
        }));
      await ticks();
      local.run("canceler", () => scope.cancel());
      scope.signal.throwIfAborted();
    }));
    assertEquals(seen, "spawn");
  }),

  test("G3: AsyncLocalStorage: every hook of the observer sees the store of the spawn", async (watch) => {
    const local = storage();
    if (local === undefined) return;
    const stuck = Promise.withResolvers<void>();
    const seen: Record<string, Set<string | undefined>> = {};
    const note = (hook: string) => ({ name }: { name?: string }) => {
      if (name !== "root") (seen[hook] ??= new Set()).add(local.getStore());
    };
    const observer: Observer = {
      onSpawn: note("onSpawn"),
      onStart: note("onStart"),
      onSettle: note("onSettle"),
      onCancel: note("onCancel"),
      onAbandon: note("onAbandon"),
      onError: (_, { task }) => note("onError")(task),
    };
    await local.run("run", () =>
      TaskScope.run(async (scope) => {
        const tasks = local.run("spawn", () => [
          watch(scope).spawn(() => 1),
          scope.spawn(() => Promise.reject(new Error("boom"))),
          scope.spawn((task) => task.sleep(60_000)),
          scope.spawn(() => stuck.promise),
        ]);
        await ticks();
        local.run("canceler", () => tasks.forEach((task) => task.cancel()));
        await Promise.all(tasks.map(({ outcome }) => outcome));
      }, { observer, policy: "supervise", grace: 5, name: "root" }));
    local.run("late", () => stuck.reject(new Error("late")));
    await ticks();
    for (const hook of Object.keys(observer)) assertEquals([hook, seen[hook]], [hook, new Set(["spawn"])]);
  }),

  test("G3: AsyncLocalStorage: a detached task and its observer see the store of the spawn", async (watch) => {
    const local = storage();
    if (local === undefined) return;
    const lifetime = new FakeLifetime();
    const seen: (string | undefined)[] = [];
    await TaskScope.run((scope) => {
      local.run("spawn", () =>
        watch(scope).spawnDetached(async () => {
          seen.push(local.getStore());
          await turn();
          seen.push(local.getStore());
          throw new Error("boom");
        }, { deadline: 1_000 }));
    }, { lifetime, observer: { onError: () => void seen.push(local.getStore()) } });
    await lifetime.ended();
    assertEquals(seen, ["spawn", "spawn", "spawn"]);
  }),

  test("G3: AsyncLocalStorage: use's disposal sees the store of its registration", async (watch) => {
    const local = storage();
    if (local === undefined) return;
    let seen: string | undefined;
    await TaskScope.run((scope) => {
      local.run("use", () =>
        watch(scope).use({
          [Symbol.dispose]() {
            seen = local.getStore();
          },
        }));
      scope.spawn(() => local.run("other", () => ticks()));
    });
    assertEquals(seen, "use");
  }),

  test("G3: without AsyncLocalStorage everything else works", async (watch) => {
    if (storage() !== undefined) return;
    const value = await TaskScope.run((scope) => watch(scope).spawn((task) => task.get(Trace)), {
      context: [Trace.with("abc")],
      observer: { onSettle() {} },
    });
    assert(value === "abc");
  }),
];
