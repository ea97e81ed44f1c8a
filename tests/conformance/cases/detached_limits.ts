import {
  CancelReason,
  DeadlineExceededError,
  type DetachedTask,
  LifetimeLimitError,
  LifetimeUnavailableError,
  TaskScope,
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
  FakeLifetime,
  Recorder,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";
import { detach } from "../detach.ts";

const deadline = 10_000;

export const cases: Case[] = [
  test("detached: the promise of waitUntil fulfills at the latest at deadline plus grace", async () => {
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

  test("detached: the deadline is fresh, not cut to the parent's", async (watch) => {
    const lifetime = new FakeLifetime();
    const task = await TaskScope.run((scope) => {
      const task = watch(scope).spawnDetached((own) => own.deadline, { deadline: 60_000 });
      assert(task.deadline.getTime() > (scope.deadline?.getTime() ?? NaN) + 10_000);
      return { task };
    }, { lifetime, deadline: 1_000 });
    assertEquals(await task.task, task.task.deadline);
    await lifetime.ended();
  }),

  test("detached: a detached task goes on after its parent's deadline", async () => {
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

  test("detached: a missing deadline is a TypeError before anything starts", async (watch) => {
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

  test("detached: a deadline of zero or in the past is thrown, nothing starts", async (watch) => {
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

  test("detached: a deadline that does not fit is refused before the task starts, with the figures", async (watch) => {
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

  test("detached: clamp shortens the deadline, keeps the margin and is flagged on the handle", async (watch) => {
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

  test("detached: clamp refuses where nothing is left of the lifetime", async (watch) => {
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

  test("detached: a margin of zero uses the lifetime to its end", async (watch) => {
    const end = Date.now() + 30_000;
    const lifetime = new FakeLifetime({ deadline: new Date(end) });
    await TaskScope.run((scope) => {
      const task = watch(scope).spawnDetached(() => 1, { deadline: new Date(end), margin: 0 });
      assertEquals([task.deadline.getTime(), task.clamped], [end, false]);
    }, { lifetime });
    await lifetime.ended();
  }),

  test("detached: the closing of the lifetime aborts the task before the end, for the reason lifetime", async () => {
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

  test("detached: a lifetime whose end comes closer aborts the task before the end, for the reason lifetime", async () => {
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

  test("detached: a lifetime whose end moves away leaves the task alone", async () => {
    const lifetime = new FakeLifetime({ deadline: new Date(Date.now() + 10_000) });
    const { task } = await detach((own) => turn(25).then(() => own.signal.aborted), { lifetime }, {
      deadline: 5_000,
      margin: 1_000,
    });
    lifetime.deadline = new Date(Date.now() + 600_000);
    assertEquals(await task, false);
    await lifetime.ended();
  }),

  test("detached: a lifetime that is closing already takes nothing more", async (watch) => {
    const lifetime = new FakeLifetime({ closing: AbortSignal.abort(new Error("SIGTERM")) });
    await TaskScope.run((scope) => {
      assertThrows(() => watch(scope).spawnDetached(() => 1, { deadline }), LifetimeUnavailableError);
    }, { lifetime });
    assertEquals(lifetime.held, []);
  }),

  test("detached: a detached task that finishes early releases its deadline", async () => {
    const lifetime = new FakeLifetime();
    const { task } = await detach(() => 1, { lifetime }, { deadline: 600_000 });
    await lifetime.ended();
    assertEquals([task.state, task.late], ["succeeded", false]);
  }),

  test("detached: a pass-through of ctx alone, without deadline or closing, is a lifetime", async (watch) => {
    const held: Promise<unknown>[] = [];
    const value = await TaskScope.run(
      (scope) => watch(scope).spawnDetached(() => "done", { deadline }),
      { lifetime: { waitUntil: (work) => void held.push(work) } },
    );
    assertEquals([value, held.length], ["done", 1]);
    await Promise.all(held);
  }),

  test("detached: grace of a detached task is cut to what is left of its lifetime", async () => {
    const lifetime = new FakeLifetime({ deadline: new Date(Date.now() + 600_000) });
    const stuck = Promise.withResolvers<void>();
    await detach(() => stuck.promise, { lifetime, grace: 60_000, observer: new Recorder() }, { deadline: 5 });
    const start = Date.now();
    lifetime.deadline = new Date(start + 60); // it comes closer: an end this near may refuse the task on a loaded machine
    await lifetime.ended();
    assertLess(Date.now() - start, 10_000);
    stuck.resolve();
    await ticks();
  }),
];
