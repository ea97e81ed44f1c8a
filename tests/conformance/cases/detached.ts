import {
  contextKey,
  type DetachedTask,
  LifetimeUnavailableError,
  ScopeClosedError,
  TaskScope,
} from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertLess,
  assertStrictEquals,
  assertThrows,
  FakeLifetime,
  isSettled,
  Recorder,
  rejection,
  test,
  ticks,
} from "../assert.ts";
import { detach } from "../detach.ts";

const Key = contextKey<string>("key");

const deadline = 10_000;

export const cases: Case[] = [
  test("detached: waitUntil is called synchronously, once, on its object, with a promise", async (watch) => {
    const lifetime = new FakeLifetime();
    await TaskScope.run((scope) => {
      watch(scope).spawnDetached(() => 1, { deadline });
      assertEquals(lifetime.held.length, 1);
      assertInstanceOf(lifetime.held[0], Promise);
    }, { lifetime });
    await lifetime.ended();
    assertEquals(lifetime.held.length, 1);
  }),

  test("detached: a detached task outlives its scope, and the promise of waitUntil waits for it", async () => {
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

  test("detached: the promise of waitUntil waits for what the detached task spawned", async () => {
    const lifetime = new FakeLifetime();
    const gate = Promise.withResolvers<void>();
    await detach((task) => void task.spawn(() => gate.promise), { lifetime });
    const ended = lifetime.ended();
    assertFalse(await isSettled(ended));
    gate.resolve();
    await ended;
  }),

  test("detached: the promise of waitUntil fulfills when the task fails, is canceled or expires", async () => {
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

  test("detached: inheritDeadline takes the earlier of the two", async (watch) => {
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

  test("detached: cancel, failure, close and a disconnect of the parent do not reach it", async (watch) => {
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

  test("detached: its failure does not reach the scope that spawned it", async (watch) => {
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

  test("detached: it is allowed in a canceling scope, refused in a closed one", async (watch) => {
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

  test("detached: the cleanup of a canceled scope may detach the rollback", async (watch) => {
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

  test("detached: values are kept, and can be overridden", async (watch) => {
    const lifetime = new FakeLifetime();
    const tasks = await TaskScope.run((scope) => [
      { task: watch(scope).spawnDetached((own) => ticks().then(() => own.get(Key)), { deadline }) },
      { task: scope.spawnDetached((own) => own.get(Key), { deadline, context: [Key.with("own")] }) },
      { task: scope.spawnDetached((own) => own.spawn((child) => child.get(Key)), { deadline }) },
    ], { lifetime, context: [Key.with("page")] });
    assertEquals(await Promise.all(tasks.map(({ task }) => task)), ["page", "own", "page"]);
    await lifetime.ended();
  }),

  test("detached: a detached task may detach another one", async () => {
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

  test("detached: it knows where it comes from: name, path, detached", async () => {
    const lifetime = new FakeLifetime();
    const { task } = await detach((own) => [own.name, own.path], { lifetime });
    assertEquals(await task, ["audit", "page/audit"]);
    assertEquals([task.name, task.path, task.detached], ["audit", "page/audit", true]);
    await lifetime.ended();
  }),

  test("detached: a waitUntil that throws makes spawnDetached throw, with the cause, fn not run", async (watch) => {
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

  test("detached: the observer hears of its whole life", async () => {
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
];
