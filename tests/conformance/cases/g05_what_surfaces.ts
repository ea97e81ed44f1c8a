import { DeadlineExceededError, ScopeError, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import { assertEquals, assertInstanceOf, assertStrictEquals, rejection, test, ticks, turn } from "../assert.ts";
import { failWhenCanceled, throwing } from "../failing.ts";

export const cases: Case[] = [
  test("G5: first gives the primary error itself, however many failed", async (watch) => {
    const boom = new Error("boom");
    const one = await rejection(TaskScope.run((scope) => void watch(scope).spawn(throwing(boom))));
    const many = await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(failWhenCanceled(new Error("later")));
      scope.spawn(failWhenCanceled(new Error("later still")));
      scope.spawn(() => ticks().then(throwing(boom)));
    }));
    assertStrictEquals(one, boom);
    assertStrictEquals(many, boom);
  }),

  test("G5: aggregate gives a ScopeError, also for one error", async (watch) => {
    const boom = new Error("boom");
    const error = await rejection(
      TaskScope.run((scope) => void watch(scope).spawn(throwing(boom)), { errors: "aggregate" }),
    );
    assertInstanceOf(error, ScopeError);
    assertInstanceOf(error, AggregateError);
    assertEquals([error.name, error.errors.length], ["ScopeError", 1]);
    assertStrictEquals(error.errors[0], boom);
    assertStrictEquals(error.cause, boom);
  }),

  test("G5: aggregate has all errors in order, the primary first and as the cause", async (watch) => {
    const [boom, second, cleanup] = [new Error("boom"), new Error("second"), new Error("cleanup")];
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).defer(throwing(cleanup));
      scope.spawn(failWhenCanceled(second));
      scope.spawn(() => ticks().then(throwing(boom)));
    }, { errors: "aggregate" }));
    assertInstanceOf(error, ScopeError);
    assertEquals(error.errors, [boom, second, cleanup]);
    assertStrictEquals(error.cause, boom);
  }),

  test("G5: aggregate gives the errors of its own scope, also when the function returned a ScopeError", async (watch) => {
    const [boom, foreign] = [new Error("boom"), new ScopeError([], "of another scope")];
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).spawn(throwing(boom));
      return foreign;
    }, { errors: "aggregate" }));
    assertInstanceOf(error, ScopeError);
    assertEquals(error.errors, [boom]);
  }),

  test("G5: join gives those errors, too, while the cleanup of such a scope still runs", async (watch) => {
    const [boom, foreign] = [new Error("boom"), new ScopeError([], "of another scope")];
    const cleaned = Promise.withResolvers<void>();
    const { promise: joined, resolve } = Promise.withResolvers<unknown>();
    const ran = rejection(TaskScope.run((scope) => {
      watch(scope).defer(() => cleaned.promise);
      scope.spawn(throwing(boom));
      rejection(scope.join()).then(resolve);
      return foreign;
    }, { errors: "aggregate" }));
    const error = await joined;
    cleaned.resolve();
    await ran;
    assertInstanceOf(error, ScopeError);
    assertEquals(error.errors, [boom]);
  }),

  test("G5: aggregate of a failing body and of a synchronous throw", async (watch) => {
    const boom = new Error("boom");
    for (const body of [throwing(boom), () => Promise.reject(boom)]) {
      const error = await rejection(TaskScope.run((scope) => {
        watch(scope);
        return body();
      }, { errors: "aggregate" }));
      assertInstanceOf(error, ScopeError);
      assertStrictEquals(error.cause, boom);
    }
  }),

  test("G5: aggregate of an expired deadline has the deadline's error as the primary", async (watch) => {
    const error = await rejection(
      TaskScope.run((scope) => watch(scope).sleep(60_000), { errors: "aggregate", deadline: 5 }),
    );
    assertInstanceOf(error, ScopeError);
    assertInstanceOf(error.errors[0], DeadlineExceededError);
    assertStrictEquals(error.cause, error.errors[0]);
  }),

  test("G5: join and run give the same ScopeError object", async (watch) => {
    const scope = watch(new TaskScope({ errors: "aggregate" }));
    scope.spawn(throwing(new Error("boom")));
    const first = await rejection(scope.join());
    assertInstanceOf(first, ScopeError);
    assertStrictEquals(await rejection(scope.join()), first);
  }),

  test("G5: the error of a deadline is primary, what the task threw on its way out is suppressed", async (watch) => {
    const late = new Error("rollback failed");
    let opened: TaskScope | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      opened = watch(scope);
      return failWhenCanceled(late)(scope);
    }, { deadline: 5, observer: { onError() {} } }));
    assertInstanceOf(error, DeadlineExceededError);
    assertEquals(opened?.suppressed, [late]);
  }),

  test("G5: an error wrapped by the body is suppressed, not dropped", async (watch) => {
    const boom = new Error("boom");
    let opened: TaskScope | undefined;
    let wrapped: unknown;
    const error = await rejection(TaskScope.run(async (scope) => {
      opened = watch(scope);
      const cause = await rejection(scope.spawn(throwing(boom)));
      throw wrapped = new Error("page failed", { cause });
    }));
    assertStrictEquals(error, boom);
    assertEquals(opened?.suppressed, [wrapped]);
  }),

  test("G5: a failing task nobody awaits makes no unhandled rejection", async (watch) => {
    await rejection(TaskScope.run((scope) => {
      for (let i = 0; i < 3; i++) watch(scope).spawn(() => Promise.reject(new Error(`${i}`)));
    }));
    const scope = watch(new TaskScope());
    scope.spawn(() => Promise.reject(new Error("boom")));
    await turn();
    await rejection(scope.join());
    await turn();
  }),
];
