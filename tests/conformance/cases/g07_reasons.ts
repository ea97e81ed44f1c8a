import { CancelReason, DeadlineExceededError, ScopeCanceledError, type Task, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
  Recorder,
  rejection,
  test,
  ticks,
} from "../assert.ts";

export const cases: Case[] = [
  test("G7: our own reason is an Error named AbortError with kind and origin", async (watch) => {
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).cancel();
      return scope.sleep(1);
    }, { name: "page" }));
    assertInstanceOf(error, CancelReason);
    assertInstanceOf(error, Error);
    assertEquals([error.name, error.kind, error.origin], ["AbortError", "canceled", "page"]);
  }),

  test("G7: the reason of a task's cancel names the task's path", async (watch) => {
    await TaskScope.run(async (scope) => {
      const task = watch(scope).spawn((own) => own.sleep(60_000), { name: "child" });
      await ticks();
      task.cancel();
      const reason = await rejection(task);
      assertInstanceOf(reason, CancelReason);
      assertEquals([reason.kind, reason.origin], ["canceled", "page/child"]);
    }, { name: "page" });
  }),

  test("G7: the reason of a deadline is a TimeoutError of kind deadline", async (watch) => {
    const error = await rejection(TaskScope.run((scope) => watch(scope).sleep(60_000), { deadline: 5, name: "page" }));
    assertInstanceOf(error, DeadlineExceededError);
    assertInstanceOf(error, CancelReason);
    assertEquals([error.name, error.kind, error.origin], ["TimeoutError", "deadline", "page"]);
  }),

  test("G7: the first reason wins", async (watch) => {
    const first = new Error("first");
    const error = await rejection(TaskScope.run(async (scope) => {
      watch(scope).cancel(first);
      scope.cancel(new Error("second"));
      assertStrictEquals(scope.signal.reason, first);
      await rejection(scope.sleep(60_000));
      scope.cancel(new Error("third"));
      scope.signal.throwIfAborted();
    }, { deadline: 1_000 }));
    assertStrictEquals(error, first);
  }),

  test("G7: an abort of the input signal after a cancel changes nothing", async (watch) => {
    const controller = new AbortController();
    const first = new Error("first");
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).cancel(first);
      controller.abort(new Error("second"));
      return scope.sleep(1);
    }, { signal: controller.signal }));
    assertStrictEquals(error, first);
  }),

  test("G7: a task canceled before its scope keeps its own reason", async (watch) => {
    const own = new Error("own");
    const scopes = new Error("scope's");
    await rejection(TaskScope.run(async (scope) => {
      const gate = Promise.withResolvers<void>();
      const early = watch(scope).spawn(({ signal }) => gate.promise.then(() => signal.throwIfAborted()));
      const late = scope.spawn(({ signal }) => gate.promise.then(() => signal.throwIfAborted()));
      await ticks();
      early.cancel(own);
      scope.cancel(scopes);
      gate.resolve();
      assertStrictEquals(await rejection(early), own);
      assertStrictEquals(await rejection(late), scopes);
    }));
  }),

  test("G7: cancel(x) passes through by identity, whatever x is", async (watch) => {
    for (const reason of [new Error("e"), { a: 1 }, "text", 42, null, Symbol("s"), () => {}]) {
      const result = await TaskScope.run((scope) => {
        watch(scope).cancel(reason);
        assertStrictEquals(scope.signal.reason, reason);
        return scope.sleep(1);
      }).then(() => "resolved", (error) => ({ error }));
      assertStrictEquals((result as { error: unknown }).error, reason);
    }
  }),

  test("G7: the reason of an input signal passes through by identity", async (watch) => {
    const controller = new AbortController();
    const reason = new Error("client left");
    const error = await rejection(TaskScope.run(async (scope) => {
      const task = watch(scope).spawn((own) => own.sleep(60_000));
      await ticks();
      controller.abort(reason);
      assertStrictEquals(scope.signal.reason, reason);
      assertStrictEquals(await rejection(task), reason);
      scope.signal.throwIfAborted();
    }, { signal: controller.signal }));
    assertStrictEquals(error, reason);
  }),

  test("G7: several input signals: the first to abort wins", async (watch) => {
    const controllers = [new AbortController(), new AbortController(), new AbortController()];
    const reason = new Error("second");
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope);
      controllers[1]?.abort(reason);
      controllers[0]?.abort(new Error("first"));
      return scope.sleep(1);
    }, { signal: controllers.map(({ signal }) => signal) }));
    assertStrictEquals(error, reason);
  }),

  test("G7: an input signal without a reason gives its DOMException", async (watch) => {
    const controller = new AbortController();
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope);
      controller.abort();
      return scope.sleep(1);
    }, { signal: controller.signal }));
    assertStrictEquals(error, controller.signal.reason);
    assertEquals((error as Error).name, "AbortError");
  }),

  test("G7: an aborted input signal: nothing starts, run rejects with its reason", async () => {
    const reason = new Error("too late");
    let ran = false;
    const error = await rejection(TaskScope.run(() => void (ran = true), {
      signal: [new AbortController().signal, AbortSignal.abort(reason)],
    }));
    assertStrictEquals(error, reason);
    assertFalse(ran);
  }),

  test("G7: a scope opened under an aborted signal takes no task, and closes", async (watch) => {
    const reason = new Error("too late");
    const scope = watch(new TaskScope({ signal: AbortSignal.abort(reason) }));
    assertStrictEquals(scope.signal.reason, reason);
    const error = assertThrows(() => scope.spawn(() => 1), ScopeCanceledError);
    assertStrictEquals(error.cause, reason);
    await scope.close();
    assertEquals(scope.counters.spawned, 0);
  }),

  test("G7: canceling a child does not touch its parent or its siblings", async (watch) => {
    const gate = Promise.withResolvers<void>();
    const value = await TaskScope.run(async (scope) => {
      const child = watch(scope).spawn((own) => own.sleep(60_000));
      const sibling = scope.spawn(({ signal }) => gate.promise.then(() => signal.aborted));
      await ticks();
      child.cancel();
      await child.outcome;
      assertEquals([scope.state, scope.signal.aborted], ["open", false]);
      gate.resolve();
      return await sibling;
    });
    assertEquals(value, false);
  }),

  test("G7: close cancels for a reason of kind closed, or the one given", async (watch) => {
    const given = new Error("given");
    for (const reason of [undefined, given]) {
      const scope = watch(new TaskScope({ name: "page" }));
      const task = scope.spawn((own) => own.sleep(60_000));
      await ticks();
      const error = rejection(task);
      await scope.close(reason);
      if (reason !== undefined) assertStrictEquals(await error, given);
      else {
        const own = await error;
        assertInstanceOf(own, CancelReason);
        assertEquals([own.kind, own.origin, own.name], ["closed", "page", "AbortError"]);
      }
    }
  }),

  test("G7: a reason keeps its kind and origin in a scope that follows another one's signal", async (watch) => {
    const recorder = new Recorder();
    const boom = new Error("boom");
    let inner: unknown;
    await rejection(TaskScope.run(async (outer) => {
      watch(outer).spawn(() => ticks().then(() => Promise.reject(boom)));
      inner = await rejection(TaskScope.run((scope) => watch(scope).sleep(60_000), {
        signal: outer.signal,
        name: "inner",
        observer: recorder,
      }));
      throw inner;
    }, { name: "outer" }));
    assertInstanceOf(inner, CancelReason);
    const { kind, origin, reason } = recorder.canceled[0] ?? {};
    assertEquals([kind, origin], ["sibling-failed", "outer"]);
    assertStrictEquals(reason, inner);
  }),

  test("G7: every task of a canceled fan-out rejects with the identical reason", async (watch) => {
    const tasks: Task<unknown>[] = [];
    const error = await rejection(TaskScope.run(async (scope) => {
      for (let i = 0; i < 20; i++) tasks.push(watch(scope).spawn((task) => task.sleep(60_000)));
      await ticks();
      scope.cancel();
    }));
    const reasons = new Set(await Promise.all(tasks.map(rejection)));
    assertEquals(reasons, new Set([error]));
  }),
];
