import { CancelReason, type Observer, ScopeClosedError, ScopeError, Task, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
  FakeLifetime,
  Recorder,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";
import { throwing } from "../failing.ts";

const boom = new Error("boom");

export const cases: Case[] = [
  test("scope: trySpawn in a canceled or closed scope gives nothing, and refuses what is no function", async (watch) => {
    const scope = watch(new TaskScope());
    scope.cancel();
    assertEquals(scope.trySpawn(() => 1), undefined);
    await scope.close();
    assertEquals(scope.trySpawn(() => 1), undefined);
    assertThrows(() => scope.trySpawn("fn" as never), TypeError, "a function is needed");
  }),

  test("scope: join of a scope whose function runs throws the reason, if something was cut", async () => {
    let seen: unknown;
    await rejection(TaskScope.run(async (scope) => {
      scope.spawn((task) => task.sleep(60_000));
      await ticks();
      scope.cancel(boom);
      seen = await rejection(scope.join());
    }));
    assertStrictEquals(seen, boom);
  }),

  test("G5: a failed scope has one ScopeError, whoever asks", async () => {
    let opened: TaskScope | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      opened = scope;
      throw boom;
    }, { errors: "aggregate" }));
    assertInstanceOf(error, ScopeError);
    assertStrictEquals(await rejection(opened?.join() ?? Promise.resolve()), error);
  }),

  test("G5: whoever has read that a task was canceled has not read the failure of the next one", async (watch) => {
    const scope = watch(new TaskScope());
    const one = scope.spawn((own) => own.sleep(60_000));
    one.cancel();
    assertInstanceOf(await rejection(one), CancelReason);
    scope.spawn(throwing(boom));
    await ticks();
    assertStrictEquals(await rejection(scope.close()), boom);
  }),

  test("scope: close of a scope whose function runs waits for the tasks, the function goes on", async (watch) => {
    let stopped = false;
    let after = "";
    await rejection(TaskScope.run(async (scope) => {
      watch(scope).spawn(async (task) => {
        const reason = await rejection(task.sleep(60_000));
        await turn(5);
        stopped = true;
        throw reason;
      });
      await ticks();
      await scope.close();
      assert(stopped);
      after = scope.state;
    }));
    assertEquals(after, "canceling");
  }),

  test("scope: close ends a wait for a reason of kind closed", async (watch) => {
    const scope = watch(new TaskScope());
    const waited = rejection(scope.sleep(60_000));
    await scope.close();
    const reason = await waited;
    assertInstanceOf(reason, CancelReason);
    assertEquals(reason.kind, "closed");
  }),

  test("scope: a wait that has failed is over: close of an idle scope cancels nothing", async (watch) => {
    const scope = watch(new TaskScope());
    assertStrictEquals(await rejection(scope.abortable(Promise.reject(boom))), boom);
    await scope.close();
    assertEquals(scope.signal.aborted, false);
  }),

  test("scope: abortable of a closed scope gives a promise for any thenable, and refuses what is none", async () => {
    const scope = new TaskScope();
    await scope.close();
    const thenable = { then: (resolve: (value: number) => void) => resolve(5) } as PromiseLike<number>;
    assert(scope.abortable(thenable) instanceof Promise);
    assertEquals(await scope.abortable(thenable), 5);
    assertThrows(() => scope.abortable(5 as never), TypeError, "Cannot wait: a promise is needed, got 5");
  }),

  test("scope: a wait that would begin in an ended scope rejects: with its reason, or because it is closed", async () => {
    const closed = new TaskScope();
    await closed.close();
    assertInstanceOf(await rejection(closed.sleep(60_000)), ScopeClosedError);
    const canceled = new TaskScope();
    canceled.cancel(boom);
    await canceled.close();
    assertStrictEquals(await rejection(canceled.abortable(new Promise(() => {}))), boom);
  }),

  test("G5: an error after a scope ended with the wait for it is told", async () => {
    const gate = Promise.withResolvers<void>();
    const observer = new Recorder();
    let waited: Promise<unknown> | undefined;
    await TaskScope.run((scope) => {
      waited = rejection(scope.abortable(gate.promise));
    }, { observer });
    await waited;
    gate.reject(boom);
    await ticks();
    assertEquals(observer.errors.map(({ error, phase }) => [error, phase]), [[boom, "after-abandon"]]);
  }),

  test("G5: an error that comes after its wait is told with the path of the task that waited", async (watch) => {
    const told: string[] = [];
    const observer: Observer = { onError: (_, { task, phase }) => void told.push(`${phase} ${task.path}`) };
    const options = { name: "page", observer, lifetime: new FakeLifetime() };
    const late = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    await TaskScope.run(async (scope) => {
      const child = watch(scope).spawn((own) => own.abortable(late[0].promise), { name: "child" });
      const detached = scope.spawnDetached((own) => own.abortable(late[1].promise), {
        deadline: 10_000,
        name: "audit",
      });
      await ticks();
      for (const task of [child, detached]) {
        task.cancel();
        await rejection(task);
      }
      for (const { reject } of late) reject(new Error("late"));
      await ticks();
    }, options);
    assertEquals(told, ["after-abandon page/child", "after-abandon page/audit"]);
  }),

  test("G5: a reason that is no object is no news when it comes again", async () => {
    const gate = Promise.withResolvers<void>();
    const observer = new Recorder();
    await rejection(TaskScope.run((scope) => {
      queueMicrotask(() => scope.cancel("enough"));
      return scope.abortable(gate.promise);
    }, { observer }));
    gate.reject("enough");
    await ticks();
    assertEquals(observer.errors, []);
  }),

  test("G8: a timeoutSignal outlives its scope, takes fractions, and is refused nothing native takes", async () => {
    const { signal, half } = await TaskScope.run((scope) => ({
      signal: scope.timeoutSignal(10),
      half: scope.timeoutSignal(0.5),
    }));
    while (!signal.aborted || !half.aborted) await turn(5);
    assertEquals([signal.reason.name, half.reason.name], ["TimeoutError", "TimeoutError"]);
  }),

  test("scope: a task says that it is one, and is late only with a value", async () => {
    let task: Task<void> | undefined;
    await rejection(TaskScope.run(async (scope) => {
      task = scope.spawn(async (own) => {
        await rejection(own.sleep(60_000));
        throw boom;
      }, { deadline: 5 });
      await task.outcome;
    }));
    assert(task instanceof Task);
    assertEquals([Object.prototype.toString.call(task), task.state, task.late], ["[object Task]", "failed", false]);
  }),

  test("scope: the observer of an error has the task itself, or what a root would say", async () => {
    const infos: unknown[] = [];
    const observer = { onError: (_: unknown, { task }: { task: unknown }) => void infos.push(task) };
    await rejection(TaskScope.run((scope) => {
      scope.defer(() => Promise.reject(boom));
      throw new Error("first");
    }, { observer, name: "page" }));
    assertEquals(infos, [{ name: "page", path: "page", state: "running", late: false, detached: false }]);
    let spawned: unknown;
    await TaskScope.run(async (scope) => {
      const task = scope.spawn(() => Promise.reject(boom));
      spawned = task;
      await task.outcome;
    }, { observer, policy: "supervise" });
    assertStrictEquals(infos[1], spawned);
  }),

  test("G6: how deep, and in what, a reason may be", async () => {
    const ends = async (wrap: (reason: unknown) => unknown) => {
      const scope = new TaskScope();
      const task = scope.spawn(async (own) => {
        throw wrap(await rejection(own.sleep(60_000)));
      });
      await ticks();
      task.cancel();
      const { state } = await task.outcome;
      await rejection(scope.close().then(() => Promise.reject(0)));
      return state;
    };
    const caused = (depth: number) => (reason: unknown) => {
      let error = reason;
      for (let i = 0; i < depth; i++) error = new Error(`${i}`, { cause: error });
      return error;
    };
    assertEquals(await ends(caused(40)), "canceled");
    assertEquals(await ends((reason) => new AggregateError([reason])), "canceled");
    assertEquals(await ends((reason) => new AggregateError([], "none", { cause: reason })), "canceled");
    assertEquals(await ends(() => new AggregateError([])), "failed");
    assertEquals(await ends(() => "text"), "failed");
    assertEquals(await ends(() => null), "failed");
  }),

  test("G1: everybody who waits for the end of a scope's tasks is told", async (watch) => {
    const gate = Promise.withResolvers<void>();
    await TaskScope.run((scope) => {
      return scope.spawn(async (task) => {
        watch(task).spawn(() => gate.promise);
        const joined = [task.join(), task.join()];
        gate.resolve();
        await Promise.all(joined);
      });
    });
  }),

  test("G1: a canceled scope under supervise waits for its function", async (watch) => {
    let over = false;
    await TaskScope.run(async (scope) => {
      assertEquals(watch(scope).signal.aborted, false);
      scope.cancel();
      await turn(5);
      over = true;
    }, { policy: "supervise" });
    assertEquals(over, true);
  }),

  test("closing: an idle canceled scope sets no timer", () => {
    const scope = new TaskScope();
    scope.cancel(new CancelReason("canceled", "scope", "enough"));
    assertEquals(scope.state, "canceling"); // and Deno's sanitizer sees no timer
  }),
];
