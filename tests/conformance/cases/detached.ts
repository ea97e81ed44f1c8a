import {
  AbandonedTasksError,
  CancelReason,
  contextKey,
  DeadlineExceededError,
  type DetachedTask,
  LifetimeLimitError,
  LifetimeUnavailableError,
  ScopeClosedError,
  TaskScope,
  type TaskScopeOptions,
} from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertLess,
  assertLessOrEqual,
  assertStrictEquals,
  assertThrows,
  consoleErrors,
  FakeLifetime,
  isSettled,
  Recorder,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";

const Key = contextKey<string>("key");
const deadline = 10_000;

/** Spawns one detached task from a scope that is over when this resolves. */
async function detach<T>(
  fn: (task: TaskScope) => T | PromiseLike<T>,
  options: TaskScopeOptions & { lifetime: FakeLifetime },
  task: { deadline: number; name?: string; margin?: number } = { deadline, name: "audit" },
): Promise<{ task: DetachedTask<T> }> {
  return await TaskScope.run((scope) => ({ task: scope.spawnDetached(fn, task) }), { name: "page", ...options });
}

export const cases: Case[] = [
  test("§4: waitUntil is called synchronously, once, on its object, with a promise", async (watch) => {
    const lifetime = new FakeLifetime();
    await TaskScope.run((scope) => {
      watch(scope).spawnDetached(() => 1, { deadline });
      assertEquals(lifetime.held.length, 1);
      assertInstanceOf(lifetime.held[0], Promise);
    }, { lifetime });
    await lifetime.ended();
    assertEquals(lifetime.held.length, 1);
  }),

  test("§4: a detached task outlives its scope, and the promise of waitUntil waits for it", async () => {
    const lifetime = new FakeLifetime();
    const gate = Promise.withResolvers<string>();
    const { task } = await detach(() => gate.promise, { lifetime });
    assertEquals(task.state, "running");
    const ended = lifetime.ended();
    assertFalse(await isSettled(ended));
    gate.resolve("written");
    assertEquals(await task, "written");
    await ended;
  }),

  test("§4: the promise of waitUntil waits for what the detached task spawned", async () => {
    const lifetime = new FakeLifetime();
    const gate = Promise.withResolvers<void>();
    await detach((task) => void task.spawn(() => gate.promise), { lifetime });
    const ended = lifetime.ended();
    assertFalse(await isSettled(ended));
    gate.resolve();
    await ended;
  }),

  test("§4: the promise of waitUntil fulfills when the task fails, is canceled or expires", async () => {
    const lifetime = new FakeLifetime();
    const observer = new Recorder();
    await detach(() => Promise.reject(new Error("boom")), { lifetime, observer });
    const { task } = await detach((own) => own.sleep(60_000), { lifetime, observer });
    await detach((own) => own.sleep(60_000), { lifetime, observer }, { deadline: 5 });
    await ticks();
    task.cancel();
    const results = await Promise.allSettled(lifetime.held);
    assertEquals(results.map(({ status }) => status), ["fulfilled", "fulfilled", "fulfilled"]);
  }),

  test("§4: the promise of waitUntil fulfills at the latest at deadline plus grace", async () => {
    const lifetime = new FakeLifetime();
    const stuck = Promise.withResolvers<void>();
    const observer = new Recorder();
    const { task } = await detach(() => stuck.promise, { lifetime, observer, grace: 5 }, { deadline: 5 });
    await lifetime.ended();
    assertEquals(task.state, "abandoned");
    assertInstanceOf(await rejection(task), DeadlineExceededError);
    assertEquals(observer.abandoned.length, 1);
    stuck.resolve();
    await ticks();
  }),

  test("§4: the deadline is fresh, not cut to the parent's", async (watch) => {
    const lifetime = new FakeLifetime();
    const task = await TaskScope.run((scope) => {
      const task = watch(scope).spawnDetached((own) => own.deadline, { deadline: 60_000 });
      assert(task.deadline.getTime() > (scope.deadline?.getTime() ?? NaN) + 10_000);
      return { task };
    }, { lifetime, deadline: 1_000 });
    assertEquals(await task.task, task.task.deadline);
    await lifetime.ended();
  }),

  test("§4: a detached task goes on after its parent's deadline", async () => {
    const lifetime = new FakeLifetime();
    let task: DetachedTask<boolean> | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      task = scope.spawnDetached(async (own) => {
        await turn(15);
        return own.signal.aborted;
      }, { deadline });
      return scope.sleep(60_000);
    }, { lifetime, deadline: 5 }));
    assertInstanceOf(error, DeadlineExceededError);
    assertEquals(await task, false);
    await lifetime.ended();
  }),

  test("§4: inheritDeadline takes the earlier of the two", async (watch) => {
    const lifetime = new FakeLifetime();
    await TaskScope.run((scope) => {
      const outer = watch(scope).deadline?.getTime() ?? NaN;
      const inherited = scope.spawnDetached(() => 1, { deadline: 60_000, inheritDeadline: true });
      const own = scope.spawnDetached(() => 1, { deadline: 100, inheritDeadline: true });
      const fresh = scope.spawnDetached(() => 1, { deadline: 60_000, inheritDeadline: false });
      assertEquals(inherited.deadline.getTime(), outer);
      assertLess(own.deadline.getTime(), outer);
      assertLess(outer, fresh.deadline.getTime());
    }, { lifetime, deadline: 5_000 });
    await TaskScope.run((scope) => {
      const task = watch(scope).spawnDetached(() => 1, { deadline: 60_000, inheritDeadline: true });
      assertLess(Date.now() + 50_000, task.deadline.getTime()); // the scope has none
    }, { lifetime });
    await lifetime.ended();
  }),

  test("§4: cancel, failure, close and a disconnect of the parent do not reach it", async (watch) => {
    const lifetime = new FakeLifetime();
    const gate = Promise.withResolvers<void>();
    const tasks: DetachedTask<boolean>[] = [];
    const detach = (scope: TaskScope) =>
      void tasks.push(
        watch(scope).spawnDetached(({ signal }) => gate.promise.then(() => signal.aborted), { deadline }),
      );
    await rejection(TaskScope.run((scope) => {
      detach(scope);
      scope.cancel();
      return scope.sleep(1);
    }, { lifetime }));
    await rejection(TaskScope.run((scope) => {
      detach(scope);
      throw new Error("boom");
    }, { lifetime }));
    const manual = new TaskScope({ lifetime });
    detach(manual);
    await manual.close();
    const client = new AbortController();
    await rejection(TaskScope.run((scope) => {
      detach(scope);
      client.abort();
      return scope.sleep(1);
    }, { lifetime, signal: client.signal }));
    gate.resolve();
    assertEquals(await Promise.all(tasks), [false, false, false, false]);
    await lifetime.ended();
  }),

  test("§4: its failure does not reach the scope that spawned it", async (watch) => {
    const lifetime = new FakeLifetime();
    const observer = new Recorder();
    const boom = new Error("boom");
    const value = await TaskScope.run(async (scope) => {
      watch(scope).spawnDetached(() => Promise.reject(boom), { deadline });
      await lifetime.ended();
      assertEquals([scope.state, scope.suppressed.length], ["open", 0]);
      return "value";
    }, { lifetime, observer });
    assertEquals(value, "value");
    assertEquals(observer.errors.map(({ error }) => error), [boom]);
  }),

  test("§4: it is allowed in a canceling scope, refused in a closed one", async (watch) => {
    const lifetime = new FakeLifetime();
    let opened: TaskScope | undefined;
    let ran = false;
    await rejection(TaskScope.run((scope) => {
      opened = watch(scope);
      scope.cancel();
      scope.spawnDetached(({ signal }) => void (ran = !signal.aborted), { deadline });
      return scope.sleep(1);
    }, { lifetime }));
    await lifetime.ended();
    assert(ran);
    assertThrows(() => opened?.spawnDetached(() => 1, { deadline }), ScopeClosedError);
    assertEquals(lifetime.held.length, 1);
  }),

  test("§4: the cleanup of a canceled scope may detach the rollback", async (watch) => {
    const lifetime = new FakeLifetime();
    const done: string[] = [];
    await rejection(TaskScope.run((scope) => {
      watch(scope).defer(() => void scope.spawnDetached(() => void done.push("rolled back"), { deadline }));
      scope.cancel();
      return scope.sleep(1);
    }, { lifetime }));
    await lifetime.ended();
    assertEquals(done, ["rolled back"]);
  }),

  test("§4: values are kept, and can be overridden", async (watch) => {
    const lifetime = new FakeLifetime();
    const tasks = await TaskScope.run((scope) => [
      { task: watch(scope).spawnDetached((own) => ticks().then(() => own.get(Key)), { deadline }) },
      { task: scope.spawnDetached((own) => own.get(Key), { deadline, context: [Key.with("own")] }) },
      { task: scope.spawnDetached((own) => own.spawn((child) => child.get(Key)), { deadline }) },
    ], { lifetime, context: [Key.with("page")] });
    assertEquals(await Promise.all(tasks.map(({ task }) => task)), ["page", "own", "page"]);
    await lifetime.ended();
  }),

  test("§4: a detached task may detach another one", async () => {
    const lifetime = new FakeLifetime();
    const order: string[] = [];
    await detach((task) => {
      task.spawnDetached(() => ticks().then(() => void order.push("second")), { deadline });
      order.push("first");
    }, { lifetime });
    while (lifetime.held.length < 2) await ticks();
    await lifetime.ended();
    assertEquals(order, ["first", "second"]);
  }),

  test("§4: it knows where it comes from: name, path, detached", async () => {
    const lifetime = new FakeLifetime();
    const { task } = await detach((own) => [own.name, own.path], { lifetime });
    assertEquals(await task, ["audit", "page/audit"]);
    assertEquals([task.name, task.path, task.detached], ["audit", "page/audit", true]);
    await lifetime.ended();
  }),

  test("§4: a missing deadline is a TypeError before anything starts", async (watch) => {
    const lifetime = new FakeLifetime();
    let ran = false;
    await TaskScope.run((scope) => {
      const spawn = watch(scope).spawnDetached.bind(scope) as (fn: () => void, options?: unknown) => void;
      for (const options of [undefined, null, {}, { deadline: undefined }, { deadline: null }, { name: "x" }, 5]) {
        const error = assertThrows(() => spawn(() => void (ran = true), options), TypeError);
        assertInstanceOf(error, TypeError);
      }
    }, { lifetime });
    await ticks();
    assertEquals([ran, lifetime.held.length], [false, 0]);
  }),

  test("§4: a deadline of zero or in the past is thrown, nothing starts", async (watch) => {
    const lifetime = new FakeLifetime();
    let ran = false;
    await TaskScope.run((scope) => {
      for (const deadline of [0, -5, new Date(0), { seconds: 0 }]) {
        assertThrows(() => watch(scope).spawnDetached(() => void (ran = true), { deadline }), DeadlineExceededError);
      }
    }, { lifetime });
    await ticks();
    assertEquals([ran, lifetime.held.length], [false, 0]);
  }),

  test("§4: a deadline that does not fit is refused before the task starts, with the figures", async (watch) => {
    const lifetime = new FakeLifetime({ deadline: new Date(Date.now() + 30_000), source: "30 s after the response" });
    let ran = false;
    await TaskScope.run((scope) => {
      const error = assertThrows(
        () => watch(scope).spawnDetached(() => void (ran = true), { deadline: { minutes: 10 } }),
        LifetimeLimitError,
      );
      assertEquals([error.name, error.requested, error.source], [
        "LifetimeLimitError",
        600_000,
        "30 s after the response",
      ]);
      assertLessOrEqual(error.available, 29_000); // a margin of a second is kept
      assertLess(20_000, error.available);
    }, { lifetime });
    await ticks();
    assertEquals([ran, lifetime.held.length], [false, 0]);
  }),

  test("§4: clamp shortens the deadline, keeps the margin and is flagged on the handle", async (watch) => {
    const end = Date.now() + 30_000;
    const lifetime = new FakeLifetime({ deadline: new Date(end) });
    await TaskScope.run((scope) => {
      const long = watch(scope).spawnDetached(() => 1, { deadline: { minutes: 10 }, onExceed: "clamp" });
      assertEquals([long.clamped, long.deadline.getTime()], [true, end - 1_000]);
      const own = scope.spawnDetached(() => 1, { deadline: { minutes: 10 }, onExceed: "clamp", margin: 5_000 });
      assertEquals([own.clamped, own.deadline.getTime()], [true, end - 5_000]);
      const short = scope.spawnDetached(() => 1, { deadline: 5_000, onExceed: "clamp" });
      assertFalse(short.clamped);
    }, { lifetime });
    await lifetime.ended();
  }),

  test("§4: clamp refuses where nothing is left of the lifetime", async (watch) => {
    const lifetime = new FakeLifetime({ deadline: new Date(Date.now() + 500) });
    await TaskScope.run((scope) => {
      const error = assertThrows(
        () => watch(scope).spawnDetached(() => 1, { deadline: 5_000, onExceed: "clamp" }),
        LifetimeLimitError,
      );
      assertEquals(error.available, 0);
    }, { lifetime });
    assertEquals(lifetime.held, []);
  }),

  test("§4: a margin of zero uses the lifetime to its end", async (watch) => {
    const end = Date.now() + 30_000;
    const lifetime = new FakeLifetime({ deadline: new Date(end) });
    await TaskScope.run((scope) => {
      const task = watch(scope).spawnDetached(() => 1, { deadline: new Date(end), margin: 0 });
      assertEquals([task.deadline.getTime(), task.clamped], [end, false]);
    }, { lifetime });
    await lifetime.ended();
  }),

  test("§4: the closing of the lifetime aborts the task before the end, for the reason lifetime", async () => {
    const closing = new AbortController();
    const lifetime = new FakeLifetime({ closing: closing.signal });
    const { task } = await detach((own) => own.sleep(60_000), { lifetime, observer: new Recorder() });
    await ticks();
    const cause = new Error("SIGTERM");
    closing.abort(cause);
    const reason = await rejection(task);
    assertInstanceOf(reason, CancelReason);
    assertEquals([reason.kind, reason.name], ["lifetime", "AbortError"]);
    assertStrictEquals(reason.cause, cause);
    await lifetime.ended();
  }),

  test("§4: a lifetime whose end comes closer aborts the task before the end, for the reason lifetime", async () => {
    const lifetime = new FakeLifetime({ deadline: new Date(Date.now() + 600_000) });
    const { task } = await detach((own) => own.sleep(60_000), { lifetime, observer: new Recorder() });
    await ticks();
    lifetime.deadline = new Date(Date.now() + 1_500); // less a margin of 1 s
    const reason = await rejection(task);
    assertInstanceOf(reason, CancelReason);
    assertEquals(reason.kind, "lifetime");
    assertLess(Date.now(), lifetime.deadline.getTime());
    await lifetime.ended();
  }),

  test("§4: a lifetime whose end moves away leaves the task alone", async () => {
    const lifetime = new FakeLifetime({ deadline: new Date(Date.now() + 1_000) });
    const { task } = await detach((own) => turn(25).then(() => own.signal.aborted), { lifetime }, {
      deadline: 500,
      margin: 100,
    });
    lifetime.deadline = new Date(Date.now() + 600_000);
    assertEquals(await task, false);
    await lifetime.ended();
  }),

  test("§4: a lifetime that is closing already takes nothing more", async (watch) => {
    const lifetime = new FakeLifetime({ closing: AbortSignal.abort(new Error("SIGTERM")) });
    await TaskScope.run((scope) => {
      assertThrows(() => watch(scope).spawnDetached(() => 1, { deadline }), LifetimeUnavailableError);
    }, { lifetime });
    assertEquals(lifetime.held, []);
  }),

  test("§4: a waitUntil that throws makes spawnDetached throw, with the cause, fn not run", async (watch) => {
    const cause = new TypeError("Illegal invocation");
    let ran = false;
    await TaskScope.run((scope) => {
      const error = assertThrows(
        () => watch(scope).spawnDetached(() => void (ran = true), { deadline }),
        LifetimeUnavailableError,
      );
      assertStrictEquals(error.cause, cause);
      assertEquals(error.name, "LifetimeUnavailableError");
      assertEquals(scope.tree().children, []);
    }, {
      lifetime: {
        waitUntil() {
          throw cause;
        },
      },
    });
    await ticks();
    assertFalse(ran);
  }),

  test("§4: an unobserved error goes to onError exactly once, and a later await still rejects", async () => {
    const lifetime = new FakeLifetime();
    const observer = new Recorder();
    const boom = new Error("boom");
    let task: DetachedTask<never> | undefined;
    const lines = await consoleErrors(async () => {
      ({ task } = await detach(() => Promise.reject(boom), { lifetime, observer }));
      await lifetime.ended();
      await turn();
    });
    assertEquals(observer.errors, [{ error: boom, name: "audit", phase: "body" }]);
    assertEquals(lines, []);
    assertStrictEquals(await rejection(task as DetachedTask<never>), boom);
    assertEquals(observer.errors.length, 1);
  }),

  test("§4: without an observer it goes to console.error once, with name, path and cause", async () => {
    const lifetime = new FakeLifetime();
    const boom = new Error("boom");
    const lines = await consoleErrors(async () => {
      await detach(() => Promise.reject(boom), { lifetime });
      await lifetime.ended();
      await turn();
    });
    assertEquals(lines.length, 1);
    assert(lines[0]?.includes(boom));
    const text = lines[0]?.map(String).join(" ") ?? "";
    assert(text.includes("audit") && text.includes("page/audit"), text);
  }),

  test("§4: an observer without onError is not the end of an error", async () => {
    const lifetime = new FakeLifetime();
    const boom = new Error("boom");
    const lines = await consoleErrors(async () => {
      await detach(() => Promise.reject(boom), { lifetime, observer: { onStart() {} } });
      await lifetime.ended();
    });
    assertEquals(lines.length, 1);
  }),

  test("§4: an error goes to whoever awaits the handle, and nowhere else", async (watch) => {
    const lifetime = new FakeLifetime();
    const observer = new Recorder();
    const boom = new Error("boom");
    const fail = () => ticks().then(() => Promise.reject(boom));
    const lines = await consoleErrors(async () => {
      await TaskScope.run(async (scope) => {
        assertStrictEquals(await rejection(watch(scope).spawnDetached(fail, { deadline })), boom);
        const caught: unknown[] = [];
        scope.spawnDetached(fail, { deadline }).catch((error) => void caught.push(error));
        scope.spawnDetached(fail, { deadline }).then(undefined, (error) => void caught.push(error));
        assertEquals(await scope.spawnDetached(fail, { deadline }).outcome, { state: "failed", error: boom });
        await lifetime.ended();
        await ticks();
        assertEquals(caught, [boom, boom]);
      }, { lifetime, observer });
    });
    assertEquals([observer.errors, lines], [[], []]);
  }),

  test("§4: an error thrown synchronously reaches whoever awaits the handle at once", async (watch) => {
    const lifetime = new FakeLifetime();
    const observer = new Recorder();
    const boom = new Error("boom");
    const lines = await consoleErrors(async () => {
      const error = await rejection(TaskScope.run(async (scope) => {
        await watch(scope).spawnDetached(() => {
          throw boom;
        }, { deadline });
      }, { lifetime, observer }));
      assertStrictEquals(error, boom);
    });
    await lifetime.ended();
    assertEquals([observer.errors, lines], [[], []]);
  }),

  test("§4: its expired deadline is an error that somebody hears of", async () => {
    const lifetime = new FakeLifetime();
    const observer = new Recorder();
    const { task } = await detach((own) => own.sleep(60_000), { lifetime, observer }, { deadline: 5, name: "audit" });
    await lifetime.ended();
    assertEquals([task.state, observer.errors.length], ["failed", 1]);
    assertInstanceOf(observer.errors[0]?.error, DeadlineExceededError);
    assertEquals(observer.errors[0]?.name, "audit");
  }),

  test("§4: canceled by hand is no error", async () => {
    const lifetime = new FakeLifetime();
    const observer = new Recorder();
    const lines = await consoleErrors(async () => {
      const { task } = await detach((own) => own.sleep(60_000), { lifetime, observer });
      await ticks();
      task.cancel();
      await lifetime.ended();
      assertEquals(task.state, "canceled");
    });
    assertEquals([observer.errors, lines], [[], []]);
  }),

  test("§4: the error of its cleanup is heard of exactly once, with the phase cleanup", async () => {
    const lifetime = new FakeLifetime();
    const observer = new Recorder();
    const cleanup = new Error("cleanup");
    await detach((task) => task.defer(() => Promise.reject(cleanup)), { lifetime, observer });
    await lifetime.ended();
    assertEquals(observer.errors, [{ error: cleanup, name: "audit", phase: "cleanup" }]);
  }),

  test("§4: two errors of a detached task are both heard of, once each", async () => {
    const lifetime = new FakeLifetime();
    const observer = new Recorder();
    const [boom, cleanup] = [new Error("boom"), new Error("cleanup")];
    await detach((task) => {
      task.defer(() => Promise.reject(cleanup));
      throw boom;
    }, { lifetime, observer });
    await lifetime.ended();
    const told = observer.errors.map(({ error, phase }) => [error, phase]);
    assertEquals(told.length, 2);
    assert(told.some(([error, phase]) => error === boom && phase === "body"));
    assert(told.some(([error, phase]) => error === cleanup && phase === "cleanup"));
  }),

  test("§4: the late error of an abandoned detached task is never silent", async () => {
    const lifetime = new FakeLifetime();
    const stuck = Promise.withResolvers<void>();
    const late = new Error("late");
    const lines = await consoleErrors(async () => {
      await detach(() => stuck.promise, { lifetime, grace: 5 }, { deadline: 5 });
      await lifetime.ended();
      stuck.reject(late);
      await turn();
    });
    assert(lines.some((line) => line.includes(late)), "console.error was not told");
  }),

  test("§4: an abandoned detached task is reported by name", async () => {
    const lifetime = new FakeLifetime();
    const observer = new Recorder();
    const stuck = Promise.withResolvers<void>();
    await detach(() => stuck.promise, { lifetime, observer, grace: 5 }, { deadline: 5, name: "stuck" });
    await lifetime.ended();
    assertEquals(observer.abandoned.map(({ name }) => name), ["stuck"]);
    assertInstanceOf(observer.abandoned[0]?.error, AbandonedTasksError);
    assertEquals(observer.errors.filter(({ error }) => error instanceof DeadlineExceededError).length, 1);
    stuck.resolve();
    await ticks();
    assertEquals(observer.of("settle"), ["settle stuck succeeded"]);
  }),

  test("§4: a detached task that finishes early releases its deadline", async () => {
    const lifetime = new FakeLifetime();
    const { task } = await detach(() => 1, { lifetime }, { deadline: 600_000 });
    await lifetime.ended();
    assertEquals([task.state, task.late], ["succeeded", false]);
  }),

  test("§4: the observer hears of its whole life", async () => {
    const lifetime = new FakeLifetime();
    const observer = new Recorder();
    await detach(() => 1, { lifetime, observer });
    await lifetime.ended();
    assertEquals(observer.events.filter((line) => line.includes("audit")), [
      "spawn audit",
      "start audit",
      "settle audit succeeded",
    ]);
  }),

  test("§4: a pass-through of ctx alone, without deadline or closing, is a lifetime", async (watch) => {
    const held: Promise<unknown>[] = [];
    const value = await TaskScope.run(
      (scope) => watch(scope).spawnDetached(() => "done", { deadline }),
      { lifetime: { waitUntil: (work) => void held.push(work) } },
    );
    assertEquals([value, held.length], ["done", 1]);
    await Promise.all(held);
  }),

  test("§4: grace of a detached task is cut to what is left of its lifetime", async () => {
    const lifetime = new FakeLifetime({ deadline: new Date(Date.now() + 60) });
    const stuck = Promise.withResolvers<void>();
    await detach(() => stuck.promise, { lifetime, grace: 60_000, observer: new Recorder() }, {
      deadline: 5,
      margin: 10,
    });
    const start = Date.now();
    await lifetime.ended();
    assertLess(Date.now() - start, 10_000);
    stuck.resolve();
    await ticks();
  }),
];
