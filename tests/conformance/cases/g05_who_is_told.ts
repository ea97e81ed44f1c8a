import { ScopeError, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  consoleErrors,
  Recorder,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";
import { failWhenCanceled, throwing } from "../failing.ts";

const boom = new Error("boom");

/** Who is told of an error that comes after the primary one: how many lines the console has, and what is suppressed. */
async function told(body: (scope: TaskScope) => unknown, errors: "first" | "aggregate" = "first") {
  let opened: TaskScope | undefined;
  const lines = await consoleErrors(async () => {
    await rejection(TaskScope.run((scope) => body(opened = scope), { errors }));
  });
  return { lines: lines.length, suppressed: opened?.suppressed };
}

export const cases: Case[] = [
  test("G5: of a later failure the console is told, unless somebody awaits the task", async () => {
    const later = new Error("later");
    const body = (isAwaited: boolean) => (scope: TaskScope) => {
      const task = scope.spawn(failWhenCanceled(later));
      if (isAwaited) task.catch(() => {});
      scope.spawn(throwing(boom));
    };
    assertEquals(await told(body(false)), { lines: 1, suppressed: [later] });
    assertEquals(await told(body(true)), { lines: 0, suppressed: [later] });
  }),

  test("G5: what cleanup throws is told, also where it wraps the primary failure", async () => {
    const wrapper = new Error("rollback failed", { cause: boom });
    const cleanup = await told((scope) => {
      scope.defer(throwing(wrapper));
      throw boom;
    });
    assertEquals(cleanup, { lines: 1, suppressed: [wrapper] });
    const body = await told(async (scope) => {
      await rejection(scope.spawn(throwing(boom)));
      throw wrapper; // tells nothing new
    });
    assertEquals(body, { lines: 0, suppressed: [wrapper] });
    const other = new Error("something else");
    const news = await told(async (scope) => {
      await rejection(scope.spawn(throwing(boom)));
      throw other;
    });
    assertEquals(news, { lines: 1, suppressed: [other] });
  }),

  test("G5: in an aggregate the console is told of nothing, the observer of each later one", async () => {
    const later = new Error("later");
    const body = (scope: TaskScope) => {
      scope.spawn(failWhenCanceled(later), { name: "slow" });
      scope.spawn(throwing(boom));
    };
    assertEquals(await told(body, "aggregate"), { lines: 0, suppressed: [later] });
    const observer = new Recorder();
    const error = await rejection(TaskScope.run(body, { errors: "aggregate", observer }));
    assertInstanceOf(error, ScopeError);
    assertEquals(observer.errors, [{ error: later, name: "slow", phase: "body" }]);
  }),

  test("G5: an error that two tasks throw counts once, a value that is none each time", async () => {
    const twice = (value: unknown) => (scope: TaskScope) => {
      scope.spawn(failWhenCanceled(value));
      scope.spawn(throwing(value));
    };
    assertEquals((await told(twice(boom))).suppressed, []);
    assertEquals((await told(twice("no"))).suppressed, ["no"]);
  }),

  test("G5: a body that throws undefined after a failure adds it, one that passes on a value does not", async () => {
    const body = (value: unknown) => async (scope: TaskScope) => {
      await rejection(scope.spawn(throwing("no")));
      throw value;
    };
    assertEquals((await told(body(undefined))).suppressed, [undefined]);
    assertEquals((await told(body("no"))).suppressed, []);
  }),

  test("G5: only a ScopeError of this scope's own failure is passed on, by its function", async () => {
    const other = new ScopeError([boom], "of another scope", { cause: new Error("other") });
    const body = await told(async (scope) => {
      await rejection(scope.spawn(throwing(boom)));
      throw other;
    });
    assertEquals(body.suppressed, [other]);
    const same = new ScopeError([boom], "of a task", { cause: boom });
    const task = await told((scope) => {
      scope.spawn(failWhenCanceled(same));
      scope.spawn(throwing(boom));
    });
    assertEquals(task.suppressed, [same]);
  }),

  test("G5 G8: after a deadline every failure is kept, in order", async () => {
    const [one, two] = [new Error("one"), new Error("two")];
    let opened: TaskScope | undefined;
    const error = await rejection(TaskScope.run((scope) => {
      opened = scope;
      scope.spawn(failWhenCanceled(one)).catch(() => {});
      scope.spawn(failWhenCanceled(two)).catch(() => {});
    }, { deadline: 5 }));
    assertStrictEquals(opened?.signal.reason, error);
    assertEquals(opened?.suppressed, [one, two]);
  }),

  test("G5: a reason says whose failure it was: the function's or that of a task", async () => {
    const message = async (body: (scope: TaskScope) => unknown) => {
      let opened: TaskScope | undefined;
      await rejection(TaskScope.run((scope) => body(opened = scope), { name: "page" }));
      return (opened?.signal.reason as Error).message;
    };
    assertEquals(await message(throwing(boom)), 'The scope "page" was canceled because its function failed');
    assertEquals(
      await message((scope) => scope.spawn(throwing(boom), { name: "user" })),
      'The scope "page" was canceled because "page/user" failed',
    );
  }),

  test("G5: close does not throw what was read from a task that had ended", async (watch) => {
    const scope = watch(new TaskScope());
    const task = scope.spawn(throwing(boom));
    await ticks();
    assertEquals(scope.state, "canceling");
    assertStrictEquals(await rejection(task), boom);
    await scope.close();
  }),

  test("G5: close throws a failure, although the reason of a task that was canceled before was read", async (watch) => {
    const scope = watch(new TaskScope());
    const canceled = scope.spawn((task) => task.sleep(60_000));
    await ticks();
    canceled.cancel();
    scope.spawn(throwing(boom));
    await ticks();
    await rejection(canceled);
    assertStrictEquals(await rejection(scope.close()), boom);
  }),

  test("G5 G8: close throws the error of a deadline, although the value of a task that was late was read", async (watch) => {
    const scope = watch(new TaskScope({ deadline: 5 }));
    const late = scope.spawn(async (task) => {
      await rejection(task.sleep(60_000));
      return "late";
    });
    scope.spawn((task) => task.sleep(60_000));
    await turn(20);
    assertEquals(await late, "late");
    assertStrictEquals(await rejection(scope.close()), scope.signal.reason);
  }),

  test("G5: a promise that rejects with the reason after the wait has ended is no error", async () => {
    const gate = Promise.withResolvers<void>();
    const reason = new Error("enough");
    const observer = new Recorder();
    await rejection(TaskScope.run((scope) => {
      queueMicrotask(() => scope.cancel(reason));
      return scope.abortable(gate.promise);
    }, { observer }));
    gate.reject(reason);
    await turn();
    assertEquals(observer.errors, []);
  }),
];
