import { AbandonedTasksError, CancelReason, DeadlineExceededError, ScopeError, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals, rejection, test, ticks, turn } from "../assert.ts";

export const cases: Case[] = [
  test("closing: close cancels what still runs, waits for it, and resolves", async (watch) => {
    const scope = watch(new TaskScope());
    const task = scope.spawn((own) => own.sleep(60_000));
    await ticks();
    await scope.close();
    assertEquals([task.state, scope.state], ["canceled", "closed"]);
  }),

  test("closing: disposal is close", async (watch) => {
    const scope = watch(new TaskScope());
    const task = scope.spawn((own) => own.sleep(60_000));
    await ticks();
    await scope[Symbol.asyncDispose]();
    const reason = await rejection(task);
    assertInstanceOf(reason, CancelReason);
    assertEquals([reason.kind, scope.state], ["closed", "closed"]);
  }),

  test("closing: close of a scope whose tasks have ended does not abort its signal", async (watch) => {
    const scope = watch(new TaskScope());
    const { signal } = scope;
    assertEquals(await scope.spawn(() => "value"), "value");
    await scope.close();
    assert(!signal.aborted);
  }),

  test("closing: close twice, and after join, is close once", async (watch) => {
    const scope = watch(new TaskScope());
    let cleanups = 0;
    scope.defer(() => void cleanups++);
    scope.spawn(() => 1);
    await Promise.all([scope.close(), scope.close()]);
    await scope.close();
    const second = watch(new TaskScope());
    second.defer(() => void cleanups++);
    await second.join();
    await second.close();
    assertEquals(cleanups, 2);
  }),

  test("closing: close runs the cleanup after the tasks have ended", async (watch) => {
    const order: string[] = [];
    const scope = watch(new TaskScope());
    scope.defer(() => void order.push("cleanup"));
    scope.spawn(async (own) => {
      await rejection(own.sleep(60_000));
      await ticks();
      order.push("task");
    });
    await ticks();
    await scope.close();
    assertEquals(order, ["task", "cleanup"]);
  }),

  test("closing: close never rethrows a failure that somebody awaited", async (watch) => {
    const boom = new Error("boom");
    for (
      const see of [
        (task: PromiseLike<unknown>) => rejection(task),
        (task: { outcome: Promise<unknown> }) => task.outcome,
      ]
    ) {
      const scope = watch(new TaskScope());
      await see(scope.spawn(() => Promise.reject(boom)));
      await scope.close();
    }
  }),

  test("closing: close throws a failure that nobody has seen", async (watch) => {
    const boom = new Error("boom");
    const scope = watch(new TaskScope());
    scope.spawn(() => Promise.reject(boom));
    await ticks();
    assertStrictEquals(await rejection(scope.close()), boom);
    await scope.close(); // seen by now
  }),

  test("closing: close does not rethrow what join has thrown", async (watch) => {
    const boom = new Error("boom");
    const scope = watch(new TaskScope());
    scope.spawn(() => Promise.reject(boom));
    assertStrictEquals(await rejection(scope.join()), boom);
    await scope.close();
  }),

  test("closing: close does not rethrow a failure the block saw as the cause of its own cancellation", async (watch) => {
    const boom = new Error("boom");
    const scope = watch(new TaskScope());
    scope.spawn(() => ticks().then(() => Promise.reject(boom)));
    const sibling = scope.spawn((own) => own.sleep(60_000));
    const reason = await rejection(sibling) as Error;
    assertStrictEquals(reason.cause, boom);
    await scope.close();
  }),

  test("closing: close does not rethrow a deadline the block saw while it slept", async (watch) => {
    const scope = watch(new TaskScope({ deadline: 5 }));
    scope.spawn((own) => own.sleep(60_000));
    assertInstanceOf(await rejection(scope.sleep(60_000)), DeadlineExceededError);
    await scope.close();
  }),

  test("closing: close does not rethrow a deadline the block saw from a task", async (watch) => {
    const scope = watch(new TaskScope({ deadline: 5 }));
    const task = scope.spawn((own) => own.sleep(60_000));
    assertInstanceOf(await rejection(task), DeadlineExceededError);
    await scope.close();
  }),

  test("closing: close does not rethrow a task's own deadline that the block saw", async (watch) => {
    const scope = watch(new TaskScope());
    const task = scope.spawn((own) => own.sleep(60_000), { deadline: 5 });
    assertInstanceOf(await rejection(task), DeadlineExceededError);
    await scope.close();
  }),

  test("closing: close throws an expired deadline that nobody has seen", async (watch) => {
    const scope = watch(new TaskScope({ deadline: 5 }));
    scope.spawn((own) => own.sleep(60_000));
    await turn(15);
    assertInstanceOf(await rejection(scope.close()), DeadlineExceededError);
  }),

  test("closing: close throws an unseen failure, although another one was seen", async (watch) => {
    const [boom, later] = [new Error("boom"), new Error("later")];
    const scope = watch(new TaskScope());
    scope.spawn(() => ticks().then(() => Promise.reject(boom)));
    const second = scope.spawn(async (own) => {
      await rejection(own.sleep(60_000));
      throw later;
    });
    assertStrictEquals(await rejection(second), later);
    assertStrictEquals(await rejection(scope.close()), boom);
    assertEquals(scope.suppressed, [later]);
  }),

  test("closing: close throws a failure that came after the block saw a cancellation", async (watch) => {
    const full = new Error("disk full");
    const scope = watch(new TaskScope());
    scope.spawn(async (own) => {
      await rejection(own.sleep(60_000));
      throw full;
    });
    const wait = scope.sleep(60_000);
    await ticks();
    const reason = new Error("enough");
    scope.cancel(reason);
    assertStrictEquals(await rejection(wait), reason); // the block has seen this, not the full disk
    assertStrictEquals(await rejection(scope.close()), full);
  }),

  test("closing: close throws the error of a cleanup that nobody has seen", async (watch) => {
    const cleanup = new Error("cleanup");
    const scope = watch(new TaskScope());
    scope.defer(() => Promise.reject(cleanup));
    assertStrictEquals(await rejection(scope.close()), cleanup);
  }),

  test("closing: close with errors aggregate throws a ScopeError", async (watch) => {
    const boom = new Error("boom");
    const scope = watch(new TaskScope({ errors: "aggregate" }));
    scope.spawn(() => Promise.reject(boom));
    await ticks();
    const error = await rejection(scope.close());
    assertInstanceOf(error, ScopeError);
    assertStrictEquals(error.cause, boom);
  }),

  test("closing: close throws a failure nobody has seen that comes while it waits", async (watch) => {
    const full = new Error("disk full");
    const scope = watch(new TaskScope());
    scope.spawn(async (own) => {
      await rejection(own.sleep(60_000));
      throw full;
    });
    await ticks();
    assertStrictEquals(await rejection(scope.close()), full);
  }),

  test("closing: a failing block is not hidden by its disposal", async (watch) => {
    // What `await using` does: dispose, and keep the block's error.
    const boom = new Error("boom");
    const block = async () => {
      const scope = watch(new TaskScope());
      try {
        scope.spawn((own) => own.sleep(60_000));
        await ticks();
        throw boom;
      } finally {
        await scope[Symbol.asyncDispose]();
      }
    };
    assertStrictEquals(await rejection(block()), boom);
  }),

  test("closing: join waits for all and throws the failure", async (watch) => {
    const boom = new Error("boom");
    const scope = watch(new TaskScope());
    const other = scope.spawn((own) => own.sleep(60_000));
    scope.spawn(() => ticks().then(() => Promise.reject(boom)));
    assertStrictEquals(await rejection(scope.join()), boom);
    assertEquals([other.state, scope.state], ["canceled", "closed"]);
    assertStrictEquals(await rejection(scope.join()), boom);
  }),

  test("closing: close during join cancels what join waits for", async (watch) => {
    const scope = watch(new TaskScope());
    scope.spawn((own) => own.sleep(60_000));
    const join = rejection(scope.join());
    await ticks();
    await scope.close();
    const reason = await join;
    assertInstanceOf(reason, CancelReason);
    assertEquals(reason.kind, "closed");
  }),

  test("closing: cancel of a scope made with new does not close it", async (watch) => {
    const scope = watch(new TaskScope());
    scope.cancel();
    assertEquals(scope.state, "canceling");
    await scope.close();
    assertEquals(scope.state, "closed");
  }),

  test("closing: close inside run cancels the tasks so far and waits for them", async (watch) => {
    const error = await rejection(TaskScope.run(async (scope) => {
      const task = watch(scope).spawn((own) => own.sleep(60_000));
      await ticks();
      await scope.close();
      assertEquals(task.state, "canceled");
    }));
    assertInstanceOf(error, CancelReason);
    assertEquals(error.kind, "closed");
  }),

  test("G9: an error of abandonment that the block saw is not rethrown", async (watch) => {
    const stuck = Promise.withResolvers<void>();
    const scope = watch(new TaskScope({ grace: 5 }));
    const task = scope.spawn(() => stuck.promise);
    await ticks();
    scope.cancel();
    assertInstanceOf(await rejection(task), AbandonedTasksError);
    await scope.close();
    stuck.resolve();
  }),
];
